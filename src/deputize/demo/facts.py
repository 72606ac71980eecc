"""What must be true at the end of the demo, looked up where it can be seen and not believed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from deputize.desk import history, tasks
from deputize.git.merges import is_ancestor
from deputize.workspace.processes.environment import attempt_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deputize.demo.stage import Stage, SuiteRun
    from deputize.desk.context import Desk
    from deputize.desk.tasks import TaskView
    from deputize.model.attempt import Attempt

WANTED_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that had to be so, and whether it is."""

    holds: bool
    text: str


def facts(
    desk: Desk, stage: Stage, ids: Sequence[int], before: SuiteRun, after: SuiteRun
) -> Iterator[Fact]:
    """Look the facts up, once the worker has ended."""
    found = [tasks.view(desk, task_id) for task_id in ids]
    yield _all_done(found)
    yield _at_once([attempt for view in found for attempt in view.attempts])
    yield _all_landed(stage, found, after.commit)
    yield _tests(before, after)
    yield _notified(desk, stage, ids)
    yield _chain(desk)


def _all_done(found: Sequence[TaskView]) -> Fact:
    told = ", ".join(f"#{view.task.id} {view.task.state}{_why(view)}" for view in found)
    return Fact(holds=all(view.task.state == "done" for view in found), text=told)


def _why(view: TaskView) -> str:
    task = view.task
    return f" ({task.reason}: {task.message or 'no message'})" if task.reason else ""


def _at_once(attempts: Sequence[Attempt]) -> Fact:
    """Say which agents worked at the same time in different folders."""
    pairs = [
        (one.task, other.task)
        for one, other in combinations(attempts, WANTED_AT_ONCE)
        if _overlap(one, other) and one.workspace != other.workspace
    ]
    if not pairs:
        return Fact(holds=False, text="no two agents worked at the same time")
    told = ", ".join(f"#{one} and #{other}" for one, other in pairs)
    return Fact(holds=True, text=f"worked on at the same time, each in its own folder: {told}")


def _overlap(one: Attempt, other: Attempt) -> bool:
    if one.finished_at is None or other.finished_at is None:
        return False
    return one.started_at < other.finished_at and other.started_at < one.finished_at


def _all_landed(stage: Stage, found: Sequence[TaskView], tip: str) -> Fact:
    """Ask git whether the branch contains what is said to have landed."""
    changes = [view.change for view in found]
    git_dir = stage.repository / ".git"
    there = [
        change.id
        for change in changes
        if change and change.landed_commit and is_ancestor(git_dir, change.landed_commit, tip)
    ]
    names = ", ".join(f"c{number}" for number in there) or "no change"
    return Fact(holds=len(there) == len(found), text=f"the branch contains {names}")


def _tests(before: SuiteRun, after: SuiteRun) -> Fact:
    words = {True: "green", False: "red"}
    told = f"the tests were {words[before.passed]} before and are {words[after.passed]} now"
    return Fact(holds=after.passed and not before.passed, text=told)


def _notified(desk: Desk, stage: Stage, ids: Sequence[int]) -> Fact:
    """Compare what the journal says of deliveries with what has arrived."""
    kinds = [entry.kind for entry in history.entries(desk)]
    delivered = kinds.count("notification.delivered")
    arrived = stage.notified.read_text(encoding="utf-8") if stage.notified.exists() else ""
    count = len(arrived.splitlines())
    told = f"{count} notifications arrived, {delivered} are in the audit trail"
    return Fact(holds=count == delivered == len(ids), text=told)


def _chain(desk: Desk) -> Fact:
    proof = history.verify(desk)
    if proof.problem:
        return Fact(holds=False, text=f"the audit trail: {proof.problem}")
    told = f"the audit trail: {proof.count} entries in an unbroken chain"
    rest = f", {proof.unsealed_count} not sealed yet" if proof.unsealed_count else ""
    return Fact(holds=proof.count > 0, text=told + rest)


def nothing_runs(left_count: int) -> Fact:
    """Say whether the worker has left processes behind."""
    told = f"the worker has ended; {left_count or 'no'} processes are left of it and its agents"
    return Fact(holds=left_count == 0, text=told)


def markers_of(desk: Desk, ids: Sequence[int]) -> list[str]:
    """Return what marks the processes of all attempts so far."""
    found = [tasks.view(desk, task_id) for task_id in ids]
    return [attempt_marker(attempt.token) for view in found for attempt in view.attempts]
