"""Why a task is not moving, in one line, derived from facts when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.model.states import ChangeState, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.approval import Approval
    from deputize.model.change import Change
    from deputize.model.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the line is derived from."""

    unmet: Sequence[int] = ()
    approvals: Sequence[Approval] = ()
    change: Change | None = None
    roles_served: Sequence[Sequence[str]] = ()
    """The roles of each live worker; an empty list of roles takes any."""
    free_slots: int = 0
    works_there: int | None = None
    """The task that works in the checkout that its change would land in."""
    barred: str | None = None
    """What keeps it in the queue besides: a pause, a provider's limit, others that run."""
    stalled: str | None = None
    """What its last attempt could not begin for: a person has to mend it."""
    is_attended: bool = True
    """The worker of its open attempt, if it has one, runs."""
    now: datetime


def waiting_for(task: Task, facts: Facts) -> str | None:
    """Say what the task waits for, in one line; None where it is final or at work."""
    line = _line(task, facts)
    return None if line is None else " ".join(line.split())


def _line(task: Task, facts: Facts) -> str | None:
    if task.is_final:
        return None
    if task.held:
        return f"a person: it is held (`deputize release {task.id}`)"
    if facts.approvals:
        return f"a{facts.approvals[0].id}: {facts.approvals[0].reason}"
    match task.state:
        case TaskState.BLOCKED:
            return "needs " + ", ".join(f"#{need}" for need in facts.unmet)
        case TaskState.QUEUED:
            line = _queued(task, facts)
        case TaskState.LANDING:
            line = _landing(facts)
        case _:
            line = _running(task, facts)
    return line


def _running(task: Task, facts: Facts) -> str | None:
    if not facts.is_attended:
        return "a worker to take it over: its own is gone (`deputize up`)"
    return "its agent to stop" if task.cancel_requested else None


def _queued(task: Task, facts: Facts) -> str | None:
    if facts.barred:
        return facts.barred
    if facts.stalled:
        return facts.stalled
    if task.not_before is not None and task.not_before > facts.now:
        when = task.not_before.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return f"its time: {when}" if not task.started_at else f"its next try at {when}"
    if not any(not roles or task.role in roles for roles in facts.roles_served):
        return f"{task.role} worker: none running (`deputize up`)"
    return "a free slot" if facts.free_slots <= 0 else "a worker to take it"


def _landing(facts: Facts) -> str | None:
    change = facts.change
    if change is None:
        return None
    if not facts.roles_served:
        return "a worker to land it: none running (`deputize up`)"
    if change.state is ChangeState.CHECKING:
        return f"checks of c{change.id}"
    if facts.works_there:
        return f"#{facts.works_there} works in your checkout of {change.target}"
    return change.reason or f"its turn to land (c{change.id})"
