"""What one runtime takes that serves many tasks, and what it means to them when it is killed."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.agents.stage import RUNTIME, SHARED, Stage, notes, prompt, stage
from bench.house import wait_until
from bench.verdict import at_most, note
from deputize.model.states import FINAL_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.task import Task

AT_ONCE, KILLED = 20, 10
THINKS_SECONDS = 4.0
IDLE_SECONDS = 30.0
LOOK_SECONDS, LOOKS = 0.05, 10
"""Between two looks at memory, and how many there are between two looks at tasks."""
BAR_MEGABYTES, BAR_IDLE_PERCENT, BAR_NOTICED_SECONDS = 300, 0.1, 1.0
GONE = re.compile(r"^(\d\d:\d\d:\d\d\.\d{3}) .*the Copilot runtime ended with", re.MULTILINE)


def measure() -> list[bool]:
    """Measure and print; says of each bar whether it is met."""
    return [*_size(), *_death()]


def _size() -> list[bool]:
    """Have it serve many at once, and then nobody."""
    with stage(notes(THINKS_SECONDS), slots=AT_ONCE, more=SHARED) as built:
        tasks = _begin(built, AT_ONCE)
        runtime = _runtime(built)
        most = [_resident(runtime)]
        while not all(task.state in FINAL_TASK_STATES for task in _look(built, tasks)):
            for _ in range(LOOKS):
                most.append(_resident(runtime))
                time.sleep(LOOK_SECONDS)
        alone, tree = (max(each[part] for each in most) for part in (0, 1))
        assert {task.state for task in _look(built, tasks)} == {"done"}
        idle = _idle_percent(runtime)
    note(f"agents-memory: resident set of the runtime alone at most {alone:.0f} MB; below, the sum")
    note(
        "of it and of all that it had started, looked at every 50 ms: shared pages count each time"
    )
    return [
        at_most("agents-memory", tree, BAR_MEGABYTES, "MB"),
        at_most("agents-idle-cpu", idle, BAR_IDLE_PERCENT, "%"),
    ]


def _death() -> list[bool]:
    """Kill it in the middle, and see what becomes of the tasks."""
    with stage(notes(THINKS_SECONDS), slots=KILLED, more=SHARED) as built:
        tasks = _begin(built, KILLED)
        for task, number in zip(tasks, range(KILLED), strict=True):
            (attempt,) = built.client.get(task.id).attempts
            written = Path(attempt.workspace or "") / f"note-{number}.txt"
            wait_until(written.exists)
        runtime = _runtime(built)
        killed_at = datetime.now().astimezone()
        os.kill(runtime.pid, signal.SIGKILL)
        ended = built.client.wait_all([task.id for task in tasks], timeout=120)
        noticed = max(_noticed(built, task, killed_at) for task in tasks)
        lost = [task.id for task in ended if task.state != "done" or not _resumed(built, task)]
    return [
        at_most("agents-kill-noticed", noticed, BAR_NOTICED_SECONDS, "s"),
        at_most("agents-kill-lost", len(lost), 0),
    ]


def _begin(built: Stage, count: int) -> Sequence[Task]:
    """Queue some tasks and return them once all run."""
    asked = [{"prompt": prompt(number)} for number in range(count)]
    plan = {"defaults": {"repo": str(built.house.repo)}, "tasks": asked}
    tasks = [each.task for each in built.client.submit_plan(plan).tasks]
    wait_until(lambda: all(_has_session(built, task) for task in tasks))
    return tasks


def _has_session(built: Stage, task: Task) -> bool:
    return any(attempt.session for attempt in built.client.get(task.id).attempts)


def _look(built: Stage, tasks: Sequence[Task]) -> list[Task]:
    return [built.client.get(task.id).task for task in tasks]


def _runtime(built: Stage) -> psutil.Process:
    """Return the program that all attempts share; git comes and goes beside it."""
    children = psutil.Process(built.worker_pid).children()
    # The system keeps fifteen letters of a name.
    (found,) = (each for each in children if RUNTIME.name.startswith(each.name()[:15]))
    return found


def _resident(runtime: psutil.Process) -> tuple[float, float]:
    """Return the megabytes of the runtime, and of it with all that it has started."""
    sizes = []
    for process in (runtime, *runtime.children(recursive=True)):
        with suppress(psutil.Error):
            sizes.append(process.memory_info().rss / 1e6)
    return sizes[0], sum(sizes)


def _idle_percent(runtime: psutil.Process) -> float:
    time.sleep(3)
    before = runtime.cpu_times()
    time.sleep(IDLE_SECONDS)
    after = runtime.cpu_times()
    used = after.user + after.system - before.user - before.system
    return round(100 * used / IDLE_SECONDS, 3)


def _noticed(built: Stage, task: Task, killed_at: datetime) -> float:
    """Return the seconds from the kill until the first attempt's log says so."""
    attempt = built.client.get(task.id).attempts[0]
    found = GONE.search(Path(attempt.log or "").read_text())
    assert found, "the end of the runtime is in no log"
    told = time_of_day.fromisoformat(found[1])
    at = datetime.combine(killed_at.date(), told, killed_at.tzinfo)
    return (at - killed_at).total_seconds()


def _resumed(built: Stage, task: Task) -> bool:
    """Tell whether the next attempt has gone on in the session of the one that died."""
    attempts = built.client.get(task.id).attempts
    outcomes = [each.outcome for each in attempts]
    return outcomes == ["agent_crashed", "succeeded"] and len({e.session for e in attempts}) == 1
