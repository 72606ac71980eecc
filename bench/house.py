"""A house to measure in: a home, a small repository, a worker, all in a temporary folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Where the measured commands run."""

    folder: Path
    environment: dict[str, str]

    @property
    def repo(self) -> Path:
        """The repository."""
        return self.folder / "repo"

    def deputize(self, *words: str) -> str:
        """Run a verb and return what it prints."""
        argv = (program(), *words)
        finished = subprocess.run(
            argv, cwd=self.repo, env=self.environment, capture_output=True, text=True, check=True
        )
        return finished.stdout.strip()


def program() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).with_name("deputize"))


@contextmanager
def house(config: str = "", **variables: str) -> Iterator[House]:
    """Build a house with `config` as its home's settings, and tear it down.

    `variables` are set for its commands besides.
    """
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as temporary:
        folder = Path(temporary)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "user"),
            "DEPUTIZE_HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            **variables,
        }
        built = House(folder=folder, environment=environment)
        for path in (folder / "user", folder / "home", built.repo):
            path.mkdir()
        (folder / "home" / "config.toml").write_text(config)
        _make_repository(built)
        yield built


def _make_repository(built: House) -> None:
    (built.repo / "README.md").write_text("a small repository\n")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for words in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-qm", "one")):
        subprocess.run(("git", *words), cwd=built.repo, env=built.environment, check=True)


@contextmanager
def worker(built: House) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker and wait until it has signed on; end it afterwards."""
    argv = (program(), "up")
    log = (built.folder / "up.log").open("wb")
    with log, subprocess.Popen(argv, env=built.environment, stdout=log, stderr=log) as process:
        try:
            wait_until(lambda: '"alive": true' in built.deputize("workers", "--json"))
            yield process
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def wait_until(condition: object) -> None:
    """Return once a condition holds; TimeoutError if it doesn't in time."""
    assert callable(condition)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
