"""Containing a program in a PID namespace."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.identity import is_running
from deputize.workspace.processes.tree import find_tree
from tests.workspace.processes.starting import known

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPING = "env -i setsid sh -c 'sleep 1000 &' & wait; echo up; read _"


@pytest.fixture
def prefix() -> tuple[str, ...]:
    """Give the arguments that contain a program, where that can be."""
    prefix = containment_prefix()
    if not prefix:
        pytest.skip("no PID namespaces here")
    return prefix


@pytest.fixture
def escaping(prefix: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a contained program with a daemon that threw away session and environment."""
    with subprocess.Popen(
        [*prefix, "sh", "-c", ESCAPING],
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process
        process.kill()


def test_first_processes(prefix: tuple[str, ...]) -> None:
    """Inside, the program isn't the first process, and sees none from outside."""
    seen = subprocess.run(
        [*prefix, "sh", "-c", "echo $$; echo /proc/[0-9]*"], capture_output=True, check=True
    )
    assert seen.stdout.split() == [b"2", b"/proc/1", b"/proc/2"]


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 37", 37), ("kill $$", 143)])
def test_exit_codes(prefix: tuple[str, ...], script: str, code: int) -> None:
    """Exit codes come through, a signal as a shell tells it, and no remarks with them."""
    ended = subprocess.run([*prefix, "sh", "-c", script], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, b"", b"")


def test_daemon_ends_with_its_program(escaping: subprocess.Popen[bytes]) -> None:
    """No daemon outlives the program, even without session and environment."""
    inside = find_tree("", [known(escaping.pid)])
    assert len(inside) >= 4
    assert escaping.stdin is not None
    escaping.stdin.close()
    escaping.wait()
    assert not any(is_running(identity) for identity in inside)


def test_daemon_ends_when_the_tree_is_ended(escaping: subprocess.Popen[bytes]) -> None:
    """Ending the tree of the program ends its daemons."""
    root = known(escaping.pid)
    inside = find_tree("", [root])
    end_tree_blocking("", [root], grace_seconds=1)
    assert not any(is_running(identity) for identity in inside)


def test_daemon_ends_with_the_outer_process(escaping: subprocess.Popen[bytes]) -> None:
    """When the process outside is killed, all inside end."""
    root = known(escaping.pid)
    inside = find_tree("", [root])
    escaping.kill()
    escaping.wait()
    end_tree_blocking("", list(inside), grace_seconds=2, force_seconds=0)
    assert not any(is_running(identity) for identity in inside)
