"""Adopting orphans, ending them, and collecting their zombies, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us adopt")

BEGIN = """
import os, subprocess, sys
from deputize.workspace.processes import reaper, table
from deputize.workspace.processes.identity import identify
from tests.waiting import wait_until
assert reaper.become_subreaper()
def start(script):
    return subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, start_new_session=True
    )
def adopted(pid):
    entry = table.look(pid)
    return entry is not None and entry.parent == os.getpid()
DAEMON = "(env -i setsid sh -c 'echo $$; exec sleep 1000' &)"
"""
ENDED = """
agent = start(DAEMON)
daemon = int(agent.stdout.readline())
agent.wait()
wait_until(lambda: adopted(daemon))
git = subprocess.Popen(["sleep", "1000"])
reaper.end_orphans()
assert table.look(daemon).ended
assert git.poll() is None
git.kill(); git.wait()
"""
MAYBE_OWNED = """
agent = start(DAEMON + "; read _")
reaper.claim(identify(agent.pid))
daemon = int(agent.stdout.readline())
wait_until(lambda: adopted(daemon))
reaper.end_orphans()
assert not table.look(daemon).ended
reaper.disclaim(identify(agent.pid))
agent.stdin.close(); agent.wait()
reaper.end_orphans()
assert table.look(daemon).ended
"""
COLLECTED = """
agent = start("(env -i setsid sh -c 'echo $$; exit 0' &)")
daemon = int(agent.stdout.readline())
agent.wait()
wait_until(lambda: adopted(daemon) and table.look(daemon).ended)
collector = reaper.Reaper()
assert collector.reap_zombies(linger_seconds=1000) == 0
assert collector.reap_zombies(linger_seconds=0) == 1
assert table.look(daemon) is None
"""
NOT_STOLEN = """
claimed, own = start("exit 7"), subprocess.Popen(["sh", "-c", "exit 8"])
reaper.claim(identify(claimed.pid))
wait_until(lambda: table.look(claimed.pid).ended and table.look(own.pid).ended)
collector = reaper.Reaper()
assert collector.reap_zombies(linger_seconds=0) == 0
assert collector.reap_zombies(linger_seconds=0) == 0
assert (claimed.wait(), own.wait()) == (7, 8)
"""

JUST_STARTED = """
import threading
from pathlib import Path
import anyio
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.run import Limits, run
over = threading.Event()
def look():
    while not over.is_set():
        reaper.end_orphans()
async def main():
    mark = {"PATH": os.defpath, "DEPUTIZE_TASK": "1"}
    command = Command(argv=("/bin/sh", "-c", "exit 0"), cwd=Path("/"), env=mark)
    return {(await run(command, Limits(timeout_seconds=20), lambda *_: None)).exit_code
            for _ in range(300)}
looking = threading.Thread(target=look)
looking.start()
try:
    assert anyio.run(main) == {0}
finally:
    over.set()
    looking.join()
"""


def passes(script: str) -> None:
    """Run a script of checks in a Python of its own."""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BEGIN + script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )


def test_orphan_is_ended() -> None:
    """A daemon that nothing but its adoption gives away is ended; our own children are not."""
    passes(ENDED)


def test_orphan_that_may_be_owned() -> None:
    """An orphan that may be of a running program stays until that has ended."""
    passes(MAYBE_OWNED)


def test_zombies_are_collected() -> None:
    """The zombie of an adopted orphan is collected, but not before others had their time."""
    passes(COLLECTED)


def test_no_exit_status_is_stolen() -> None:
    """Who waits for a child of ours gets its exit code."""
    passes(NOT_STOLEN)


def test_a_program_that_is_just_being_started_is_no_orphan() -> None:
    """Before it has got to its mark, it looks like one; whoever clears up meanwhile leaves it."""
    passes(JUST_STARTED)
