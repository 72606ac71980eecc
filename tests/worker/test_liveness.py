"""Following a run: by what its protocol tells, and by what its processes use."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

from deputize.agents.base import ProcessStarted, Said, SessionStarted, ToolFinished, ToolStarted
from deputize.model.activity import Turn
from deputize.model.policy import Action, Tool
from deputize.worker.liveness import Liveness
from deputize.workspace.processes.load import Load, load_of
from tests.fixtures.nouns import NOON
from tests.waiting import wait_until

LATER = NOON + timedelta(seconds=30)
BUSY = "import os\nwhile True: os.getppid()"


def test_the_protocol_tells_whose_turn_it_is() -> None:
    """Nobody's at first; then the model's, a tool's, a person's, and the model's again."""
    life = Liveness(heard_at=NOON, since=NOON)
    life.hear(Said(text="hello"), LATER)
    assert life.take(None)[:2] == (Turn.AGENT, "")
    assert life.take(None).heard_at == LATER
    life.hear(SessionStarted(token="s"), LATER)
    assert life.take(None).turn is Turn.MODEL
    life.ask(Action(tool=Tool.SHELL, name="bash", summary="make test"), LATER)
    assert life.take(None)[:2] == (Turn.PERMISSION, "shell make test")
    life.answered(LATER)
    assert life.take(None).turn is Turn.MODEL
    life.hear(ToolStarted(id="1", name="shell", summary="make test"), LATER)
    life.hear(ToolStarted(id="2", name="read", summary="a.py"), LATER)
    assert life.take(None)[:2] == (Turn.TOOL, "read a.py")
    life.hear(ToolFinished(id="2", name="read", ok=True), LATER)
    assert life.take(None)[:3] == (Turn.TOOL, "shell make test", LATER)
    life.hear(ToolFinished(id="1", name="shell", ok=True), LATER)
    assert life.take(None).turn is Turn.MODEL


def test_a_tool_call_of_any_length_is_told_in_one_short_line() -> None:
    """What an agent calls its tools is not trusted to be short."""
    life = Liveness(heard_at=NOON, since=NOON)
    life.hear(ToolStarted(id="1", name="shell", summary="x" * 10_000), NOON)
    assert len(life.take(None).what) <= 80


def test_what_processes_use_is_told_since_the_look_before() -> None:
    """Never less than nothing: a process that has ended takes what it used with it."""
    life = Liveness(heard_at=NOON, since=NOON)
    assert life.take(Load(2, 1.5))[4:] == (2, 1.5)
    assert life.take(Load(3, 2.0))[4:] == (3, 0.5)
    assert life.take(Load(1, 0.2))[4:] == (1, 0.0)
    assert life.take(None)[4:] == (None, None)


def test_a_program_that_works_is_told_from_one_that_only_waits() -> None:
    """By the processors' time of it and of its children, without a word from it."""
    argv = [
        sys.executable,
        "-c",
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])",
    ]
    busy = subprocess.Popen(argv, start_new_session=True)
    still = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        works, waits = (Liveness(heard_at=NOON, since=NOON) for _ in range(2))
        works.hear(ProcessStarted(pid=busy.pid), NOON)
        waits.hear(ProcessStarted(pid=still.pid), NOON)
        while (load := load_of(works.roots.values())).cpu_seconds < 1:
            assert busy.poll() is None
        assert load.process_count == 2
        quiet = load_of(waits.roots.values())
        assert (quiet.process_count, quiet.cpu_seconds < 1) == (1, True)
    finally:
        os.killpg(busy.pid, 9)
        still.kill()
        busy.wait()
        still.communicate()
    # Nobody here waits for its child, which the system takes a moment to be done with.
    wait_until(lambda: load_of(works.roots.values()).process_count == 0)
