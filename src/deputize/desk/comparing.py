"""The tasks of a plan side by side: who did what, how large, how it was judged, what it took."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from deputize.desk.history import saved_work
from deputize.desk.plans import view
from deputize.git import diff as git_diff
from deputize.model.attempt import NO_USAGE, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.desk.plans import PlanView
    from deputize.desk.tasks import TaskView
    from deputize.model.attempt import Attempt
    from deputize.model.change import CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the work of a task is."""

    file_count: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A task beside others."""

    view: TaskView
    agent: str
    """Who worked on it last, be it one that took over."""
    model: str | None
    size: Size | None
    """Of its change, else of what was saved of its work; None where there is none."""
    checks: Sequence[CheckResult]
    seconds: int
    """How long its attempts worked, all together."""
    usage: Usage
    is_chosen: bool
    """Of a race: its change was chosen to land, or has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The tasks of a plan beside each other."""

    view: PlanView
    rows: Sequence[Compared]


def compare(desk: Desk, plan_id: int) -> Comparison:
    """Put the tasks of a plan side by side; NotFound if there is no such plan."""
    found = view(desk, plan_id)
    now = desk.clock.now()
    raced = [each for each in found.tasks if not each.task.is_judge]
    rows = [_compared(desk, found, each, now) for each in raced]
    return Comparison(view=found, rows=rows)


def _compared(desk: Desk, plan: PlanView, each: TaskView, now: datetime) -> Compared:
    last = each.attempts[-1] if each.attempts else None
    return Compared(
        view=each,
        agent=last.agent if last else each.task.agent,
        model=(last.model if last else None) or each.task.model,
        size=_size(desk, each),
        checks=each.change.checks if each.change else (),
        seconds=sum(_seconds(attempt, now) for attempt in each.attempts),
        usage=reduce(Usage.plus, (attempt.usage for attempt in each.attempts), NO_USAGE),
        is_chosen=each.change is not None and each.change.id == plan.plan.chosen,
    )


def _seconds(attempt: Attempt, now: datetime) -> int:
    return int(((attempt.finished_at or now) - attempt.started_at).total_seconds())


def _size(desk: Desk, each: TaskView) -> Size | None:
    change = each.change
    if change is not None:
        return Size(file_count=len(change.files), added=change.added, removed=change.removed)
    work = saved_work(desk, each)
    if work is None:
        return None
    files = git_diff.file_changes(*work)
    return Size(
        file_count=len(files),
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
    )
