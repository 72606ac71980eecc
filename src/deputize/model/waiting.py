"""Why a task is not moving, in one line, derived from facts when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.race import told
from deputize.model.states import ChangeState, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.approval import Approval
    from deputize.model.change import Change
    from deputize.model.race import Race
    from deputize.model.task import Task


class Line(StrEnum):
    """Each line that can be said, beside what a check, a repository or git has said in its words.

    `docs/troubleshooting.md` explains each.
    """

    HELD = "a person: it is held (`deputize release {task}`)"
    PAUSED = "a person: {what} is paused (`{resume}`)"
    ASKED = "a{approval}: {reason}"
    NEEDS = "needs {needs}"
    TIME = "its time: {at}"
    NEXT_TRY = "its next try at {at}"
    SPENT = "a person: {spent} (`deputize approvals`)"
    REFUSED = "another day: {spent}; more was refused until {at} (`{resume}` asks again)"
    PROMISED = "its turn: what runs may use up the budget of {account}"
    QUOTA = "quota of {name} until {at}"
    LIMIT = "its turn: {most} of {what} at once"
    LOCK = "its turn: lock {lock} is taken by #{task}"
    CHECKOUT = "its turn: #{task} works in the same checkout"
    NO_WORKER = "{role} worker: none running (`deputize up`)"
    DEAF = "a person: {named} did not obey the gate (`deputize check {agent}`)"
    SLOT = "a free slot"
    AGED = "a free slot; waiting has made it priority {priority}"
    WORKER = "a worker to take it"
    TAKE_OVER = "a worker to take it over: its own is gone (`deputize up`)"
    STOP = "its agent to stop"
    NO_LANDING = "a worker to land it: none running (`deputize up`)"
    CHECKS = "checks of c{change}"
    OCCUPIED = "#{task} works in your checkout of {target}"
    RACE = "its race: {what} (`deputize compare p{plan}`)"
    LANDING = "its turn to land (c{change})"


class Seats(NamedTuple):
    """What a live worker, that takes tasks, has to offer."""

    roles: Sequence[str]
    """Empty: any."""
    free_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the line is derived from."""

    unmet: Sequence[int] = ()
    approvals: Sequence[Approval] = ()
    change: Change | None = None
    seats: Sequence[Seats] = ()
    is_landed: bool = True
    """A worker runs, be it one that takes no more tasks: it lands what is ready."""
    works_there: int | None = None
    """The task that works in the checkout that its change would land in."""
    race: Race | None = None
    """The race that its change runs in, where it has to wait for others in it."""
    barred: str | None = None
    """What keeps it in the queue besides: a pause, a provider's limit, others that run."""
    stalled: str | None = None
    """What its last attempt could not begin for: a person has to mend it."""
    aged: int | None = None
    """The priority that waiting has made of its own, where that is a more urgent one."""
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
        return Line.HELD.format(task=task.id)
    if facts.approvals:
        first = facts.approvals[0]
        return Line.ASKED.format(approval=first.id, reason=first.reason)
    line: str | None
    match task.state:
        case TaskState.BLOCKED:
            line = Line.NEEDS.format(needs=", ".join(f"#{need}" for need in facts.unmet))
        case TaskState.QUEUED:
            line = _queued(task, facts)
        case TaskState.LANDING:
            line = _landing(facts)
        case _:
            line = _running(task, facts)
    return line


def _running(task: Task, facts: Facts) -> str | None:
    if not facts.is_attended:
        return Line.TAKE_OVER
    return Line.STOP if task.cancel_requested else None


def _queued(task: Task, facts: Facts) -> str | None:
    if facts.barred or facts.stalled:
        return facts.barred or facts.stalled
    if task.not_before is not None and task.not_before > facts.now:
        when = task.not_before.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return (Line.NEXT_TRY if task.started_at else Line.TIME).format(at=when)
    free = [one.free_count for one in facts.seats if not one.roles or task.role in one.roles]
    if not free:
        return Line.NO_WORKER.format(role=task.role)
    if max(free) > 0:
        return Line.WORKER
    return Line.SLOT if facts.aged is None else Line.AGED.format(priority=facts.aged)


def _landing(facts: Facts) -> str | None:
    change = facts.change
    if change is None:
        return None
    if not facts.is_landed:
        return Line.NO_LANDING
    if change.state is ChangeState.CHECKING:
        return Line.CHECKS.format(change=change.id)
    if facts.race:
        return Line.RACE.format(what=told(facts.race), plan=facts.race.plan)
    if facts.works_there:
        return Line.OCCUPIED.format(task=facts.works_there, target=change.target)
    return change.reason or Line.LANDING.format(change=change.id)
