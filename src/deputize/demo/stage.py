"""The demo's stage: one scratch folder with a repository, a deputize home, a HOME and a TMPDIR."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.home import Home, ensure
from deputize.demo.scratch import write_scratch
from deputize.errors import ConfigError, DeputizeError
from deputize.git.command import Git
from deputize.git.repository import init

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deputize.demo.voice import Voice

PREFIX = "deputize-demo-"
BRANCH = "main"
TEST_COMMAND = ("python3", "-m", "unittest")
TEST_SECONDS = 60.0
TOLD = ("FAIL:", "ERROR:", "Ran ", "FAILED", "OK")
"""How the lines begin that say how a run of unittest went."""
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH")
SLOTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the demo takes place; nothing of it is outside `folder`."""

    folder: Path

    @property
    def home(self) -> Home:
        """A deputize home of its own."""
        return Home(self.folder / "home")

    @property
    def repository(self) -> Path:
        """The checkout of the scratch project."""
        return self.folder / "billsplit"

    @property
    def notified(self) -> Path:
        """The file to which the demo's notification command appends."""
        return self.folder / "notified.txt"

    @property
    def worker_output(self) -> Path:
        """What the worker prints, which is nothing as long as all is well."""
        return self.home.logs / "worker.out"

    @property
    def own_home(self) -> Path:
        """What programs take for the HOME of their user."""
        return self.folder / "user"

    @property
    def temporary(self) -> Path:
        """Where programs put temporary files."""
        return self.folder / "tmp"

    def short(self, text: str) -> str:
        """Leave the scratch folder out of the paths in a text."""
        return text.replace(f"{self.folder}{os.sep}", "")

    def environment(self, players: Mapping[str, str]) -> dict[str, str]:
        """Return what a program of the demo is told: what its player needs, and little else.

        This Python comes first on PATH, so that the project's tests find one.
        """
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        ours = {"PATH": path, "TMPDIR": str(self.temporary), "DEPUTIZE_HOME": str(self.home.path)}
        return kept | {"HOME": str(self.own_home)} | dict(players) | ours


@contextmanager
def open_stage(voice: Voice, *, keep: bool) -> Iterator[Stage]:
    """Build a stage and take it away at the end, unless it is to be kept or the demo failed."""
    stage = Stage(folder=Path(tempfile.mkdtemp(prefix=PREFIX)).resolve())
    try:
        _build(stage)
        yield stage
    except (KeyboardInterrupt, SystemExit, BrokenPipeError, ConfigError):
        _strike(stage, voice, keep=keep)
        raise
    except BaseException:
        voice.say(f"kept, for you to look into: {stage.folder}")
        raise
    _strike(stage, voice, keep=keep)


def _build(stage: Stage) -> None:
    for folder in (stage.home.path, stage.home.logs, stage.own_home, stage.temporary):
        ensure(folder)
    init(stage.repository, "sha1")
    write_scratch(stage.repository)
    git = Git(stage.repository / ".git", work_tree=stage.repository)
    git.run("add", "--all")
    git.run("commit", "--quiet", "--message", "billsplit, with one bug")


def _strike(stage: Stage, voice: Voice, *, keep: bool) -> None:
    if keep:
        voice.say(f"kept: {stage.folder}")
        return
    try:
        shutil.rmtree(stage.folder)
    except OSError as error:
        raise DeputizeError(
            f"{stage.folder} could not be removed: {error.strerror}", hint=f"rm -r {stage.folder}"
        ) from error
    voice.say(f"removed: {stage.folder}")


def write_settings(stage: Stage, tables: Mapping[str, Mapping[str, object]], agent: str) -> None:
    """Write the home's config.toml: the agent's tables, and a command that is told of endings."""
    append = 'printf "%s\\n" "$DEPUTIZE_TEXT" >> "$0"'
    told = {"kind": "command", "name": "demo", "command": ["sh", "-c", append, str(stage.notified)]}
    lines = ["# Written by `deputize demo`.", f"default_agent = {_value(agent)}"]
    for name, table in {**tables, "worker": {"slots": SLOTS, "autostart": False}}.items():
        lines += ["", f"[{name}]", *_pairs(table)]
    lines += ["", "[[notify]]", *_pairs(told)]
    stage.home.config.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pairs(table: Mapping[str, object]) -> list[str]:
    given = {name: value for name, value in table.items() if value not in (None, ())}
    return [f"{name} = {_value(value)}" for name, value in given.items()]


def _value(value: object) -> str:
    # Strings, whole numbers, truth values and lists of them read the same in TOML and in JSON.
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def tip(stage: Stage) -> str:
    """Return the commit that the branch is at."""
    return Git(stage.repository / ".git").line("rev-parse", f"refs/heads/{BRANCH}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """How the project's tests went on one commit."""

    commit: str
    passed: bool
    told: tuple[str, ...]


def run_tests(stage: Stage, name: str) -> SuiteRun:
    """Run the project's tests in a fresh clone of the branch, called `name`."""
    clone, commit = stage.folder / name, tip(stage)
    Git(None).run("clone", "--quiet", "--branch", BRANCH, str(stage.repository), str(clone))
    ended = subprocess.run(
        TEST_COMMAND,
        cwd=clone,
        env=stage.environment({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TEST_SECONDS,
        check=False,
        text=True,
    )
    told = tuple(line for line in ended.stdout.splitlines() if line.startswith(TOLD))
    return SuiteRun(commit=commit, passed=ended.returncode == 0, told=told)
