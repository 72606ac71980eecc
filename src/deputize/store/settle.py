"""The end of a task, and what it means for the tasks that need it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import tasks

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
    body = {"reason": reason, "message": message} if reason else {}
    event = Event(kind=f"task.{state}", actor=actor, body=body)
    tasks.move(transaction, task, ended, event, now)
    for dependent in tasks.dependents(transaction, task.id):
        if dependent.state is TaskState.BLOCKED:
            _settle_dependent(transaction, dependent, ended, now, tips or {})
    return ended


def _settle_dependent(
    transaction: Transaction, dependent: Task, need: Task, now: datetime, tips: Tips
) -> None:
    actor = f"task:{need.id}"
    if need.state is not TaskState.DONE:
        message = f"#{need.id} ({need.title}) {need.state}"
        end(
            transaction,
            dependent,
            TaskState.CANCELLED,
            actor=actor,
            now=now,
            reason=Outcome.NEED_FAILED,
            message=message,
        )
    elif tasks.unmet(transaction, dependent.id) == 0:
        release(transaction, dependent, actor, now, tips)


def release(
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


def revive_dependents(transaction: Transaction, need: Task, actor: str, now: datetime) -> None:
    """Let tasks wait again that were cancelled because this one had failed."""
    for dependent in tasks.dependents(transaction, need.id):
        if dependent.state is TaskState.CANCELLED and dependent.reason is Outcome.NEED_FAILED:
            waiting = replace(
                dependent, state=TaskState.BLOCKED, finished_at=None, reason=None, message=None
            )
            event = Event(kind="task.blocked", actor=actor, body={"need": need.id})
            tasks.move(transaction, dependent, waiting, event, now)
            revive_dependents(transaction, dependent, actor, now)


def targets_of_dependents(transaction: Transaction, task: int) -> set[tuple[str, str]]:
    """Return the (git directory, target) pairs whose tips `end` will want to know."""
    return {
        (dependent.git_dir, dependent.target)
        for dependent in tasks.dependents(transaction, task)
        if dependent.state is TaskState.BLOCKED and dependent.git_dir and dependent.target
    }
