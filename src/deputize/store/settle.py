"""The end of a task, and what it means for the tasks that need it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.model.approval import ApprovalState
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import approvals, tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.task import Task
    from deputize.store.database import Transaction

Tips = Mapping[tuple[str, str], str]
"""The tip of each (git directory, target) at which a released dependent may start."""


def end(  # noqa: PLR0913 - an end has that many facts
    transaction: Transaction,
    task: Task,
    state: TaskState,
    *,
    actor: str,
    now: datetime,
    reason: Outcome | None = None,
    message: str | None = None,
    result: str | None = None,
    tips: Tips | None = None,
) -> Task:
    """Move a task to a final state; release its dependents, or cancel them with the reason."""
    ended = replace(
        task,
        state=state,
        attempt=None,
        cancel_requested=False,
        feedback=None,
        finished_at=now,
        reason=reason,
        message=message,
        result=task.result if result is None else result,
    )
    _tell(transaction, task, ended, actor, now)
    if state is TaskState.DONE:
        _release_dependents(transaction, ended, now, tips or {})
    else:
        _cancel_dependents(transaction, ended, now)
    return ended


def _tell(transaction: Transaction, task: Task, ended: Task, actor: str, now: datetime) -> None:
    """Write an end with its event; what was asked about the task needs no answer any more."""
    body = {"reason": ended.reason, "message": ended.message} if ended.reason else {}
    event = Event(kind=f"task.{ended.state}", actor=actor, body=body)
    tasks.move(transaction, task, ended, event, now)
    for asked in approvals.unanswered_of_task(transaction, task.id):
        approvals.answer(transaction, asked, ApprovalState.WITHDRAWN, by=actor, words=None, now=now)


def _release_dependents(transaction: Transaction, need: Task, now: datetime, tips: Tips) -> None:
    """Release what waits for `need` alone.

    The dependents are locked before their other needs are looked at: of two needs that end at once,
    the second waits here for the first, and then sees it done.
    """
    for dependent in tasks.lock_dependents(transaction, need.id):
        is_waiting = dependent.state is TaskState.BLOCKED
        if is_waiting and tasks.unmet(transaction, dependent.id) == 0:
            _release(transaction, dependent, f"task:{need.id}", now, tips)


def _cancel_dependents(transaction: Transaction, need: Task, now: datetime) -> None:
    """Cancel all that waits for `need`, and all that waits for that; chains may be long."""
    tasks.lock_descendants(transaction, need.id)
    fallen = [need]
    for lost in fallen:
        for dependent in tasks.lock_dependents(transaction, lost.id):
            if dependent.state is TaskState.BLOCKED:
                ended = replace(
                    dependent,
                    state=TaskState.CANCELLED,
                    finished_at=now,
                    reason=Outcome.NEED_FAILED,
                    message=f"#{lost.id} ({lost.title}) {lost.state}",
                )
                _tell(transaction, dependent, ended, f"task:{lost.id}", now)
                fallen.append(ended)


def _release(
    transaction: Transaction, dependent: Task, actor: str, now: datetime, tips: Tips
) -> None:
    """Put a blocked task whose needs are met in the queue, its base pinned at a tip that has them.

    Where the tip isn't known here, the base stays open and is pinned when the task is claimed.
    """
    base = dependent.base
    if dependent.git_dir and dependent.target:
        base = tips.get((dependent.git_dir, dependent.target), base)
    queued = replace(dependent, state=TaskState.QUEUED, base=base)
    event = Event(kind="task.released", actor=actor, body={"base": base} if base else {})
    tasks.move(transaction, dependent, queued, event, now)


def lost_needs(transaction: Transaction, task: int) -> list[int]:
    """Return the needs of a task that failed or were cancelled: it would wait for them for ever."""
    lost = {TaskState.FAILED, TaskState.CANCELLED}
    return [need.id for need, state in tasks.needs(transaction, task) if state in lost]


def revive_dependents(transaction: Transaction, need: Task, actor: str, now: datetime) -> None:
    """Let tasks wait again that were cancelled because of this one, and those that need them.

    One that lacks another need besides comes back when that one is revived.
    """
    tasks.lock_descendants(transaction, need.id)
    revived = [need]
    for found in revived:
        for dependent in tasks.lock_dependents(transaction, found.id):
            fell = dependent.reason is Outcome.NEED_FAILED
            if not fell or lost_needs(transaction, dependent.id):
                continue
            waiting = replace(
                dependent, state=TaskState.BLOCKED, finished_at=None, reason=None, message=None
            )
            event = Event(kind="task.blocked", actor=actor, body={"need": found.id})
            tasks.move(transaction, dependent, waiting, event, now)
            revived.append(waiting)


def targets_of_dependents(transaction: Transaction, task: int) -> set[tuple[str, str]]:
    """Return the (git directory, target) pairs whose tips `end` will want to know."""
    return {
        (dependent.git_dir, dependent.target)
        for dependent in tasks.dependents(transaction, task)
        if dependent.state is TaskState.BLOCKED and dependent.git_dir and dependent.target
    }
