"""A real command line in a home of its own, beside a real repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOY = """\
default_agent = "toy"
[agents.toy]
kind = "command"
command = ["sh", "-c", {script}]
[sandbox]
level = "off"
"""
"""An agent whose script waits for files of the test's, which no sandbox would show it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """What the JSON document on stderr says of the error."""
        return json.loads(self.err)["error"]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs `deputize` in a folder, with a home of its own."""

    home: Path
    folder: Path
    autostart: bool = False
    """Whether a worker starts by itself where one is wanted."""

    @staticmethod
    def argv(*words: str) -> tuple[str, ...]:
        """Return the argument list of a command."""
        return (sys.executable, "-m", "deputize", *words)

    def __call__(
        self, *words: str, stdin: bytes | None = None, folder: Path | None = None, **env: str
    ) -> Said:
        """Run a command to its end."""
        done = subprocess.run(
            self.argv(*words),
            cwd=folder or self.folder,
            env=self.environment(**env),
            input=b"" if stdin is None else stdin,
            capture_output=True,
            check=False,
            timeout=50,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a command; whoever started it ends it."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def environment(self, **env: str) -> dict[str, str]:
        """Return the environment of a command."""
        own = {"DEPUTIZE_HOME": str(self.home)}
        quiet = {} if self.autostart else {"DEPUTIZE_WORKER__AUTOSTART": "false"}
        return os.environ | own | quiet | env

    def add(self, prompt: str = "do it", *words: str) -> int:
        """Queue a task that nobody starts; return its id."""
        said = self("add", prompt, "--no-start", "-q", *words)
        assert said.code == 0, said.err
        return int(said.out)

    def configure(self, text: str) -> None:
        """Write the home's own settings."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        (self.home / "config.toml").write_text(text, encoding="utf-8")

    def use_toy(self, script: str) -> None:
        """Let every task be done by a shell script."""
        self.configure(TOY.format(script=json.dumps(script)))


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Return a repository with one commit."""
    return make_project(tmp_path / "project")


@pytest.fixture
def deputize(tmp_path: Path, project: Folder) -> CommandLine:
    """Return a command line in the project."""
    return CommandLine(tmp_path / "state", project.path)


@pytest.fixture
def working(deputize: CommandLine) -> Iterator[CommandLine]:
    """Return a command line whose workers are ended when the test is over."""
    yield replace(deputize, autostart=True)
    assert deputize("down", "--wait").code == 0
