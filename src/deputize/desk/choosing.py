"""Which tasks a verb is about: told by ids, or by what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.states import FINAL_TASK_STATES, TaskState
from deputize.store import plans, tasks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.task import Task
    from deputize.store.database import Transaction

OPEN = tuple(state for state in TaskState if state not in FINAL_TASK_STATES)
WAITING = (TaskState.BLOCKED, TaskState.QUEUED)
REVIVABLE = (TaskState.FAILED, TaskState.CANCELLED)


def by_ids(desk: Desk, ids: Iterable[int]) -> list[Task]:
    """Return tasks by their ids; NotFound if one isn't there."""
    with desk.database.read() as transaction:
        return [tasks.get(transaction, task_id) for task_id in ids]


def to_cancel(desk: Desk, wanted: Narrowing) -> list[Task]:
    """Return what is open, those that wait for others first: so nothing starts meanwhile."""
    return _open(desk, wanted, OPEN)


def to_hold(desk: Desk, wanted: Narrowing) -> list[Task]:
    """Return what has not started and is not held, those that wait for others first."""
    return _open(desk, wanted, WAITING, held=False)


def to_release(desk: Desk, wanted: Narrowing) -> list[Task]:
    """Return what is held, those that wait for others first."""
    return _open(desk, wanted, WAITING, held=True)


def to_retry(desk: Desk, wanted: Narrowing) -> list[Task]:
    """Return what has failed or, with a state or a reason that says so, was cancelled.

    Each stands after those that it needs.
    """
    wanted = _within(wanted, REVIVABLE)
    if wanted.state is None and wanted.reason is None:
        wanted = wanted._replace(state=TaskState.FAILED)
    with desk.database.read() as transaction:
        require_plan(transaction, wanted)
        return tasks.final(transaction, limit=wanted.limit, **wanted.asked_of_tasks)


def _open(
    desk: Desk, wanted: Narrowing, states: Collection[TaskState], *, held: bool | None = None
) -> list[Task]:
    wanted = _within(wanted, states)
    with desk.database.read() as transaction:
        require_plan(transaction, wanted)
        found = tasks.unfinished(transaction, **wanted.asked_of_tasks)
    movable = [task for task in found if task.state in states and held in {None, task.held}]
    return movable[: wanted.limit][::-1]


def _within(wanted: Narrowing, states: Collection[TaskState]) -> Narrowing:
    """Return it; InvalidInput where none of what it leaves could be moved so."""
    wanted = wanted.within(list(TaskState))
    if wanted.state is not None and wanted.state not in states:
        hint = f"it is for what is {' or '.join(states)}"
        raise InvalidInput(f"a task that is {wanted.state} can't be moved so", hint=hint)
    return wanted


def require_plan(transaction: Transaction, wanted: Narrowing) -> None:
    """Raise NotFound where there is no such plan as is wanted."""
    if wanted.plan is not None:
        plans.get(transaction, wanted.plan)
