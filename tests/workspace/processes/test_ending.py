"""Finding all processes of an attempt, ending them, and nothing else."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.errors import ProcessError
from deputize.workspace.processes import table
from deputize.workspace.processes.ending import end_all, end_tree_blocking, send, wait_gone
from deputize.workspace.processes.entry import Entry
from deputize.workspace.processes.identity import is_running
from deputize.workspace.processes.tree import find_tree
from tests.waiting import wait_until
from tests.workspace.processes.starting import known, said, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workspace.processes.starting import Start

IGNORING = "trap '' TERM; echo up; while :; do sleep 1000; done"
RESCUE = """
import sys
from deputize.workspace.processes.ending import end_tree_blocking
end_tree_blocking(sys.argv[1], grace_seconds=1)
"""
TWICE_FORKED = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        print(os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
os.wait()
"""
RESPAWNING = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for generation in range(20):
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("born", flush=True)
        signal.pause()
    os.waitpid(child, 0)
signal.pause()
"""
CHAIN = """
import os, signal
print("up", flush=True)
for generation in range(2000):
    if os.fork():
        os._exit(0)
    os.setsid()
signal.pause()
"""
WORKER = """
import sys, anyio
from pathlib import Path
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.run import Limits, run
folder, marker, contained = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "yes"
command = Command(
    argv=("sh", "-c", "setsid sh -c 'echo > daemon; exec sleep 1000' & echo > agent; wait"),
    cwd=folder,
    env={"PATH": "/usr/bin:/bin", "DEPUTIZE_ATTEMPT": marker},
    launcher=containment_prefix() if contained else (),
)
anyio.run(run, command, Limits(), print)
"""


def test_daemon_in_its_own_session(marker: str, start: Start) -> None:
    """A daemon that left the session is found by its marker when its parent is long gone."""
    process = start("setsid sh -c 'echo $$; exec sleep 1000' &", marker)
    daemon = told(process)
    process.wait()
    assert find_tree(marker) == {daemon}
    end_tree_blocking(marker)
    assert not is_running(daemon)


def test_daemon_forked_twice(marker: str, start: Start, tmp_path: Path) -> None:
    """A daemon that forked twice and changed its session is found and ended."""
    process = start(f"exec $1 {script(tmp_path, TWICE_FORKED)}", marker)
    daemon = told(process)
    process.wait()
    assert find_tree(marker) == {daemon}
    end_tree_blocking(marker)
    assert not is_running(daemon)


def test_without_environment(marker: str, start: Start) -> None:
    """A child with an empty environment is found as a descendant, or by its session."""
    process = start("env -i sh -c 'echo $$; exec sleep 1000' & wait", marker)
    child = told(process)
    assert child in find_tree(marker)
    assert child in find_tree("", [known(process.pid)])
    end_tree_blocking(marker)
    assert not is_running(child)


def test_orphan_without_environment(start: Start) -> None:
    """An orphan without marker that stayed in the session is found after the root has gone."""
    process = start("env -i sh -c 'echo $$; exec sleep 1000' & wait")
    root, orphan = known(process.pid), told(process)
    process.kill()
    process.wait()
    assert find_tree("", [root]) == {orphan}
    end_tree_blocking("", [root])
    assert not is_running(orphan)


def test_sigterm_first(marker: str, start: Start) -> None:
    """A process may end by itself first."""
    process = start("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done", marker)
    said(process)
    end_tree_blocking(marker)
    assert said(process) == "bye"


def test_sigterm_ignored(marker: str, start: Start) -> None:
    """A process that ignores SIGTERM is killed when the grace is over."""
    process = start(IGNORING, marker)
    said(process)
    end_tree_blocking(marker, grace_seconds=0.2)
    assert process.wait() == -signal.SIGKILL


def test_stopped(marker: str, start: Start) -> None:
    """A stopped process goes on to hear that it should end."""
    process = start("trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done", marker)
    said(process)
    process.send_signal(signal.SIGSTOP)
    end_tree_blocking(marker)
    assert process.wait() == 7


def test_respawning(marker: str, start: Start, tmp_path: Path) -> None:
    """A program that replaces each ended child by a new one is ended with all its children."""
    process = start(f"exec $1 {script(tmp_path, RESPAWNING)}", marker)
    assert said(process) == "born"
    end_tree_blocking(marker, grace_seconds=0.5)
    assert find_tree(marker) == set()


def test_chain_of_forks(marker: str, start: Start, tmp_path: Path) -> None:
    """Processes that each start the next one in a new session, and leave, are caught."""
    process = start(f"exec $1 {script(tmp_path, CHAIN)}", marker)
    assert said(process) == "up"
    end_tree_blocking(marker, grace_seconds=0.2)
    assert find_tree(marker) == set()


def test_strangers_live(marker: str, start: Start) -> None:
    """Processes of another attempt, or of none, stay untouched; so do we."""
    other, none = start("sleep 1000", "0" * 32), start("sleep 1000")
    own = start("echo up; sleep 1000", marker)
    said(own)
    end_tree_blocking(marker)
    assert own.wait() == -signal.SIGTERM
    assert other.poll() is None
    assert none.poll() is None


def test_empty_marker(start: Start) -> None:
    """Without marker and roots nothing belongs to the attempt."""
    start("sleep 1000", "")
    assert find_tree("") == set()


def test_reused_number_is_not_signalled(start: Start) -> None:
    """A process that got the number of another one is not signalled in its place."""
    process = start("echo up; sleep 1000")
    said(process)
    earlier = dataclasses.replace(known(process.pid), started="1")
    send(earlier, signal.SIGKILL)
    end_tree_blocking("", [earlier], grace_seconds=0)
    assert process.poll() is None


def test_reused_session_number(start: Start) -> None:
    """The children of a process that got a root's number are strangers too."""
    process = start("sh -c 'echo $$; exec sleep 1000' & wait")
    child = told(process)
    earlier = dataclasses.replace(known(process.pid), started="1")
    assert find_tree("", [earlier]) == set()
    assert is_running(child)


def test_other_host(start: Start) -> None:
    """The number of a process of another host means nothing here."""
    process = start("sleep 1000")
    elsewhere = dataclasses.replace(known(process.pid), host="another", boot="another")
    assert find_tree("", [elsewhere]) == set()
    send(elsewhere, signal.SIGKILL)
    assert process.poll() is None


def test_we_are_never_ended(marker: str) -> None:
    """Who ends an attempt from inside it, say to cancel it, goes on to the end."""
    rescuer = subprocess.run(
        [sys.executable, "-c", RESCUE, marker],
        env={"PATH": os.environ["PATH"], "DEPUTIZE_ATTEMPT": marker},
        check=False,
    )
    assert rescuer.returncode == 0


def test_survivors_are_named() -> None:
    """Where a process can't be ended, the error names it, with nothing raw in it."""
    first = table.look(1)
    assert first is not None
    entry = first._replace(name="in\x1b[31mit")
    with pytest.raises(ProcessError, match=r"could not end 1 \(in\?\[31mit\)") as caught:
        end_all(lambda: [entry], grace_seconds=0.05, force_seconds=0.05)
    assert caught.value.hint is not None
    assert "ps " in caught.value.hint


def test_many_survivors() -> None:
    """Of many survivors the first are named, and the others counted."""
    first = table.look(1)
    assert isinstance(first, Entry)
    with pytest.raises(ProcessError, match="and 3 more"):
        end_all(lambda: [first] * 8, grace_seconds=0, force_seconds=0)


def test_wait_gone_wakes_up(start: Start) -> None:
    """Waiting for processes is over when they have gone, not when its time is."""
    processes = [start("read _") for _ in range(3)]
    identities = [known(process.pid) for process in processes]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    wait_gone(identities, 50)
    assert not any(is_running(identity) for identity in identities)


@pytest.mark.parametrize("contained", ["yes", "no"])
def test_worker_killed(marker: str, contained: str, tmp_path: Path, start: Start) -> None:
    """After kill -9 of a worker, another process ends the agent and its daemon."""
    worker = start(f"exec $1 {script(tmp_path, WORKER)} {tmp_path} {marker} {contained}")
    assert wait_until(lambda: (tmp_path / "daemon").exists() and (tmp_path / "agent").exists())
    worker.kill()
    worker.wait()
    left = find_tree(marker)
    assert len(left) >= 2
    subprocess.run([sys.executable, "-c", RESCUE, marker], check=True)
    assert not any(is_running(identity) for identity in left)
    assert find_tree(marker) == set()


def script(folder: Path, text: str) -> Path:
    """Write a Python program into the folder."""
    path = folder / "script.py"
    path.write_text(text)
    return path
