"""What people ask of the queue: cancel, hold, let go on, revive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.errors import IllegalMove
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.store import attempts, changes, races, sessions, settle, tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.session import Session
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction


def cancel(database: Database, task_id: int, actor: str, now: datetime) -> Task:
    """Cancel a task: at once where nothing runs, else as a request to whoever owns it.

    Cancelling what is final changes nothing.
    """
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        return settle.stop(transaction, task, actor=actor, now=now, reason=Outcome.CANCELLED)


def turn_away(
    transaction: Transaction,
    task_id: int,
    message: str,
    actor: str,
    now: datetime,
    reason: Outcome = Outcome.REJECTED,
) -> None:
    """Cancel a queued task because a person refused what it needs; any other stays as it is."""
    task = tasks.lock(transaction, task_id)
    if task.state is TaskState.QUEUED:
        settle.end(
            transaction,
            task,
            TaskState.CANCELLED,
            actor=actor,
            now=now,
            reason=reason,
            message=message,
        )


def hold(database: Database, task_id: int, actor: str, now: datetime, *, held: bool) -> Task:
    """Pause a task that has not started, or let it go on."""
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        if task.state not in {TaskState.BLOCKED, TaskState.QUEUED}:
            word = "held" if held else "released"
            hint = _what_instead(task, f"`deputize cancel {task.id}` stops it")
            raise IllegalMove(f"#{task.id} is {task.state} and can't be {word}", hint=hint)
        if task.held == held:
            return task
        kind = "task.held" if held else "task.unheld"
        return tasks.move(
            transaction, task, task._replace(held=held), Event(kind=kind, actor=actor), now
        )


def retry(
    database: Database, task_id: int, actor: str, now: datetime, *, resume: bool = False
) -> Task:
    """Revive a task that failed or was cancelled, with all its tries again.

    With `resume`, the next attempt continues the agent's last session of this task.
    """
    with database.write() as transaction:
        _lock_unsettled(transaction, task_id)
        task = tasks.lock(transaction, task_id)
        if task.state not in {TaskState.FAILED, TaskState.CANCELLED}:
            hint = _what_instead(task, f"`deputize cancel {task.id}` first")
            raise IllegalMove(f"#{task.id} is {task.state}: there is nothing to retry", hint=hint)
        if task.is_judge:
            hint = f"`deputize compare p{task.plan}` tells who was chosen without it"
            raise IllegalMove(f"#{task.id} judged a race, which has gone on", hint=hint)
        winner = races.winner_of(transaction, task)
        if winner is not None:
            hint = f'`deputize add "…" --agent {task.agent}` queues a task of its own'
            raise IllegalMove(f"#{task.id}: {races.told_of(winner)}", hint=hint)
        for need in settle.lost_needs(transaction, task.id):
            hint = f"`deputize retry {need}` first"
            raise IllegalMove(f"#{task.id} needs #{need}, which has not been done", hint=hint)
        revived = _revived(transaction, task, resume=resume)
        _withdraw_unsettled(transaction, task, actor, now)
        # Tasks before their plan, as everywhere: two that wait for each other would wait for ever.
        tasks.lock_descendants(transaction, task.id)
        settle.tell_reopened(transaction, task, actor, now)
        event = Event(kind="task.retried", actor=actor, body={"resume": resume})
        tasks.move(transaction, task, revived, event, now)
        settle.revive_dependents(transaction, revived, actor, now)
        return revived


def _what_instead(task: Task, unless_final: str) -> str:
    """Say what a person may do with a task that can't be moved as they asked."""
    if not task.is_final:
        return unless_final
    if task.state is TaskState.DONE:
        return f"`deputize show {task.id}` tells how it ended; `deputize add` queues another"
    return f"`deputize retry {task.id}` sets it going again"


def _revived(transaction: Transaction, task: Task, *, resume: bool) -> Task:
    session = _session_of(transaction, task) if resume else None
    waits = task.state is TaskState.CANCELLED and settle.has_to_wait(transaction, task.id)
    return task._replace(
        state=TaskState.BLOCKED if waits else TaskState.QUEUED,
        finished_at=None,
        result=None,
        reason=None,
        message=None,
        not_before=None,
        held=False,
        cancel_requested=False,
        # A rework's base is the candidate that was refused: starting over means from the target.
        base=None if task.rework_count else task.base,
        feedback=None,
        session=session.token if session else None,
        round_start=attempts.next_number(transaction, task.id),
        rework_count=0,
    )


def _session_of(transaction: Transaction, task: Task) -> Session:
    """Return the session that a task can go on in; IllegalMove where there is none (any more)."""
    session = sessions.of_task(transaction, task.id, task.agent)
    if session is None:
        hint = f"`deputize retry {task.id}` starts over"
        raise IllegalMove(f"#{task.id} has no session of {task.agent} to go on in", hint=hint)
    return session


def _lock_unsettled(transaction: Transaction, task: int) -> None:
    """Lock the change of a task that is not settled, before the task: as landing does."""
    change = changes.latest_of_task(transaction, task)
    if change is not None and change.settled_at is None:
        changes.lock(transaction, change.id)


def _withdraw_unsettled(transaction: Transaction, task: Task, actor: str, now: datetime) -> None:
    """Nothing of an earlier round may land beside what the new one makes."""
    change = changes.latest_of_task(transaction, task.id)
    if change is not None and change.settled_at is None:
        gone = replace(change, state=ChangeState.WITHDRAWN, settled_at=now)
        changes.move(transaction, change, gone, Event(kind="change.withdrawn", actor=actor), now)
