"""Whose processes are whose where one program serves several attempts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.workspace.processes.identity import is_running
from deputize.workspace.processes.reaper import claim, disclaim
from deputize.workspace.processes.shared import end_all_but, end_attempt_in
from tests.workspace.processes.starting import known, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workspace.processes.starting import Start

SLEEP = "sleep 300 & echo $!"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Give the folders of two attempts, of which one's name begins like the other's."""
    first, second = tmp_path / "a", tmp_path / "a b"
    first.mkdir()
    second.mkdir()
    return first, second


@pytest.mark.parametrize(
    "leave",
    [
        SLEEP,
        f"mkdir below; cd below; {SLEEP}",
        f"cd / && setsid {SLEEP}",
        "env -i sleep 300 & echo $!",
        "sh -c 'cd /; sleep 300 & echo $!; wait' &",
    ],
    ids=["plain", "below", "away", "unmarked", "shell"],
)
def test_what_was_started_in_a_folder_is_ended_and_nothing_else(
    start: Start, marker: str, folders: tuple[Path, Path], leave: str
) -> None:
    """Wherever it went, and whatever it threw away; the program and the other attempt go on."""
    first, second = folders
    shell = start(
        f"(cd '{second}'; {SLEEP}); cd '{first}' && {{ {leave}\n}}; cd /; read -r _", marker
    )
    stays, goes = told(shell), told(shell)
    program = known(shell.pid)
    assert is_running(goes)
    end_attempt_in(program, marker, "", first)
    assert [is_running(each) for each in (goes, stays, program)] == [False, True, True]


def test_others_in_the_folder_are_left_alone(
    start: Start, marker: str, folders: tuple[Path, Path]
) -> None:
    """A person who looks at the work there has nothing to do with the program."""
    program, stranger = start("read -r _", marker), start(f"cd '{folders[0]}'; {SLEEP}; read -r _")
    # A child of ours that nobody claims is taken for one that we have adopted: a person's is none.
    claim(known(stranger.pid))
    looks = told(stranger)
    end_attempt_in(known(program.pid), marker, "", folders[0])
    assert is_running(looks)
    disclaim(known(stranger.pid))


ADOPTED = """
import os, subprocess, sys
from pathlib import Path
from deputize.workspace.processes import reaper, table
from deputize.workspace.processes.identity import identify
from deputize.workspace.processes.shared import end_attempt_in
from tests.waiting import wait_until
assert reaper.become_subreaper()
first, second = map(Path, sys.argv[1:])
def start(folder, script, run="the-run"):
    started = subprocess.Popen(
        ["sh", "-c", script], cwd=folder, start_new_session=True,
        env={"PATH": os.environ["PATH"], "DEPUTIZE_RUN": run},
        stdout=subprocess.PIPE, stdin=subprocess.PIPE,
    )
    reaper.claim(identify(started.pid))
    return started
program = start("/", "read -r _")
def daemon(folder):
    shell = start(folder, "(env -i setsid sleep 1000 & echo $!); read -r _")
    found = identify(int(shell.stdout.readline()))
    reaper.disclaim(identify(shell.pid))
    shell.stdin.close(); shell.wait()
    wait_until(lambda: table.look(found.pid).parent == os.getpid())
    return found
goes, stays = daemon(first), daemon(second)
claimed, git = start(first, "read -r _", "another"), subprocess.Popen(["sleep", "1000"], cwd=first)
end_attempt_in(identify(program.pid), "the-run", "", first)
assert table.look(goes.pid).ended
assert not table.look(stays.pid).ended
assert [each.poll() for each in (program, claimed, git)] == [None, None, None]
for each in (program, claimed, git):
    each.kill()
os.kill(stays.pid, 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us adopt")
def test_what_we_have_adopted_and_works_in_the_folder_is_ended(
    folders: tuple[Path, Path],
) -> None:
    """It has thrown its mark away and its parent is gone; what is ours, or is elsewhere, stays."""
    subprocess.run([sys.executable, "-c", ADOPTED, *map(str, folders)], check=True, timeout=60)


def test_what_the_program_needs_itself_is_spared(
    start: Start, marker: str, folders: tuple[Path, Path]
) -> None:
    """When an attempt leaves it, and when nobody uses it."""
    shell = start(f"cd '{folders[0]}'; {SLEEP}; {SLEEP}; cd /; read -r _", marker)
    helper, stray = told(shell), told(shell)
    program = known(shell.pid)
    end_attempt_in(program, marker, "", folders[0], spared=[helper])
    assert [is_running(each) for each in (helper, stray, program)] == [True, False, True]
    end_all_but(program, marker, spared=[helper])
    assert [is_running(each) for each in (helper, program)] == [True, True]
    end_all_but(program, marker)
    assert [is_running(each) for each in (helper, program)] == [False, True]
