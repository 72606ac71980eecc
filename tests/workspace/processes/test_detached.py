"""Starting what outlives its starter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.errors import ProcessError
from deputize.workspace.processes import table
from deputize.workspace.processes.detached import spawn_detached
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.tree import find_tree
from tests.waiting import wait_until
from tests.workspace.processes.starting import known

if TYPE_CHECKING:
    from pathlib import Path

TELLING = """
import json, os, sys
def is_open(descriptor):
    try:
        return bool(os.fstat(descriptor))
    except OSError:
        return False
descriptors = [descriptor for descriptor in range(256) if is_open(descriptor)]
print("a warning", file=sys.stderr, flush=True)
seen = [oct(os.umask(0)), os.getcwd(), descriptors, sys.stdin.read(), sorted(os.environ)]
print(json.dumps(seen))
"""
STARTER = """
import sys
from pathlib import Path
from deputize.workspace.processes.detached import spawn_detached
env = {"PATH": "/usr/bin:/bin", "DEPUTIZE_ATTEMPT": sys.argv[2]}
print(spawn_detached(["sleep", "1000"], env, Path(sys.argv[1])))
"""


def test_clean_start(tmp_path: Path) -> None:
    """It gets the given environment and umask, no input, a log for the user alone, no more."""
    log = tmp_path / "worker.log"
    readable, writable = os.pipe()
    os.set_inheritable(writable, True)  # noqa: FBT003 - it has no name
    before = os.umask(0o027)
    try:
        spawn_detached([sys.executable, "-c", TELLING], {"LC_ALL": "C", "ONLY": "this"}, log)
    finally:
        os.umask(before)
    os.close(readable)
    os.close(writable)
    assert wait_until(lambda: log.read_text().endswith("]\n"))
    warning, seen, _ = log.read_text().split("\n")
    assert warning == "a warning"
    assert json.loads(seen) == ["0o27", "/", [0, 1, 2], "", ["LC_ALL", "ONLY"]]
    assert log.stat().st_mode & 0o777 == 0o600


def test_outlives_its_starter(tmp_path: Path, marker: str) -> None:
    """It runs on, in a session of its own, when all processes of its starter have been killed."""
    starter = subprocess.run(
        [sys.executable, "-c", STARTER, str(tmp_path / "log"), marker],
        capture_output=True,
        check=True,
        start_new_session=True,
    )
    worker = known(int(starter.stdout))
    entry = table.look(worker.pid)
    assert entry is not None
    assert entry.session == worker.pid
    assert find_tree(marker) == {worker}
    end_tree_blocking(marker)


def test_no_zombies(tmp_path: Path) -> None:
    """A starter that lives long keeps nothing of those that have ended."""
    log, env = tmp_path / "log", {"PATH": os.defpath}
    first = spawn_detached(["true"], env, log)
    assert wait_until(lambda: (entry := table.look(first)) is not None and entry.ended)
    second = spawn_detached(["sleep", "1000"], env, log)
    assert table.look(first) is None
    os.kill(second, signal.SIGKILL)
    os.waitpid(second, 0)


def test_not_there(tmp_path: Path) -> None:
    """A program that can't be started is an error with the next step."""
    with pytest.raises(ProcessError, match="nothing-here") as caught:
        spawn_detached(["/nothing-here"], {}, tmp_path / "log")
    assert caught.value.hint is not None
