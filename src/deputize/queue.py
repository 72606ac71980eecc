"""The waiting room: who works on what, and for how long the right to it lasts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deputize.errors import IllegalMove
from deputize.model.attempt import LEASE_SECONDS, NO_USAGE, Attempt, ToolUse, Usage
from deputize.model.event import Event
from deputize.model.outcome import MEANINGS, Outcome, is_stalled
from deputize.model.retry import Again, next_step
from deputize.model.states import ChangeState, TaskState
from deputize.store import approvals, attempts, changes, journal, settle, tasks, trust, workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deputize.model.approval import Approval
    from deputize.model.change import Change
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database, Transaction
    from deputize.store.settle import Tips


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task and the attempt that its worker holds the lease of."""

    task: Task
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a heartbeat brought back."""

    lost: frozenset[int]
    """Attempts whose lease is gone: stop them, write nothing."""
    cancelled: frozenset[int]
    """Attempts that a person asked to stop."""
    draining: bool
    given_up: bool
    """Somebody took this worker for dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended, with all that is known of it."""

    outcome: Outcome
    exit_code: int | None = None
    error: str | None = None
    usage: Usage = NO_USAGE
    tools: tuple[ToolUse, ...] = ()
    summary: str | None = None
    answer: str | None = None
    """The agent's answer: the task's result, if the task is done with it."""
    session: str | None = None
    model: str | None = None
    """The model that answered, where the agent said so."""
    retry_at: datetime | None = None
    saved_ref: str | None = None
    change: Change | None = None
    """A change to propose; its task then waits for landing."""
    question: Approval | None = None
    """What a person is asked where the attempt parks: asked once nothing runs any more."""


def claim(database: Database, worker: Worker, now: datetime) -> Claim | None:
    """Give the worker the next task that it may take, with a fresh lease; None if there is none.

    One that drains, or that was given up for dead, gets none.
    """
    with database.read() as transaction:
        if tasks.claimable(transaction, worker.roles, now) is None:
            return None
    with database.write() as transaction:
        task = tasks.claimable(transaction, worker.roles, now)
        if task is None or not workers.may_claim(transaction, worker.id):
            return None
        return _start(transaction, task, worker, now)


def _start(transaction: Transaction, task: Task, worker: Worker, now: datetime) -> Claim:
    attempt = attempts.insert(
        transaction,
        Attempt(
            id=0,
            task=task.id,
            number=attempts.next_number(transaction, task.id),
            token=secrets.token_hex(16),
            worker=worker.id,
            lease_expires_at=now + timedelta(seconds=LEASE_SECONDS),
            agent=task.agent,
            model=task.model,
            base=task.base,
            session=task.session,
            workspace=None,
            processes=(),
            started_at=now,
            finished_at=None,
            outcome=None,
            exit_code=None,
            error=None,
            usage=Usage(),
            tools=(),
            summary=None,
            log=None,
            saved_ref=None,
        ),
    )
    running = replace(
        task,
        state=TaskState.RUNNING,
        attempt=attempt.id,
        not_before=None,
        started_at=task.started_at or now,
    )
    body = {"number": attempt.number, "agent": attempt.agent, "model": attempt.model}
    event = Event(
        kind="attempt.started",
        actor=f"worker:{worker.id}",
        attempt=attempt.id,
        worker=worker.id,
        body=body,
    )
    tasks.move(transaction, task, running, event, now)
    return Claim(task=running, attempt=attempt)


def beat(database: Database, worker: str, held: Sequence[Attempt], now: datetime) -> Pulse:
    """Say that a worker is alive and renew its leases, in one commit."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    lost, cancelled = set(), set()
    with database.write() as transaction:
        alive = workers.seen(transaction, worker, now)
        for attempt in held:
            if not attempts.try_renew(transaction, attempt, until):
                lost.add(attempt.id)
            elif tasks.get(transaction, attempt.task).cancel_requested:
                cancelled.add(attempt.id)
        draining = any(row.draining for row in workers.live(transaction) if row.id == worker)
    return Pulse(
        lost=frozenset(lost),
        cancelled=frozenset(cancelled),
        draining=draining,
        given_up=not alive,
    )


def is_wanted(transaction: Transaction, worker: str, held: Iterable[int]) -> bool:
    """Tell whether a person asked this worker to drain, or to stop one of its attempts."""
    if any(row.draining for row in workers.live(transaction) if row.id == worker):
        return True
    open_tasks = (attempts.get(transaction, attempt).task for attempt in held)
    return any(tasks.get(transaction, task).cancel_requested for task in open_tasks)


def finish(
    database: Database, attempt: Attempt, ending: Ending, now: datetime, tips: Tips | None = None
) -> Task:
    """Close an attempt and move its task on; LeaseLost if the right to it is gone."""
    with database.write() as transaction:
        return finish_in(transaction, attempt, ending, now, tips)


def finish_in(
    transaction: Transaction,
    attempt: Attempt,
    ending: Ending,
    now: datetime,
    tips: Tips | None = None,
) -> Task:
    """Do what `finish` does, in a transaction that is open already."""
    current = attempts.fenced(transaction, attempt)
    task = tasks.lock(transaction, attempt.task)
    history = attempts.of_task(transaction, task.id)
    if task.cancel_requested:
        ending = replace(ending, outcome=Outcome.CANCELLED, change=None)
    attempts.save(transaction, _closed(current, ending, now))
    _tell_end(transaction, current, ending, now)
    actor = f"worker:{attempt.worker}"
    if ending.outcome is Outcome.CANCELLED:
        return settle.end(
            transaction, task, TaskState.CANCELLED, actor=actor, now=now, reason=Outcome.CANCELLED
        )
    if ending.outcome is Outcome.SUCCEEDED:
        return _succeed(transaction, task, ending, actor, now, tips)
    return _fail(transaction, task, history, ending, actor, now)


def _closed(attempt: Attempt, ending: Ending, now: datetime) -> Attempt:
    return replace(
        attempt,
        finished_at=now,
        outcome=ending.outcome,
        exit_code=ending.exit_code,
        error=ending.error,
        usage=ending.usage,
        tools=ending.tools,
        summary=ending.summary,
        session=ending.session or attempt.session,
        model=ending.model or attempt.model,
        saved_ref=ending.saved_ref or attempt.saved_ref,
    )


def _tell_end(transaction: Transaction, attempt: Attempt, ending: Ending, now: datetime) -> None:
    body = {
        "outcome": ending.outcome,
        "exit_code": ending.exit_code,
        "error": ending.error,
        "input_tokens": ending.usage.input_tokens,
        "output_tokens": ending.usage.output_tokens,
        "tools": [f"{tool.name} ×{tool.count}" for tool in ending.tools],
        "summary": ending.summary,
        "saved_ref": ending.saved_ref,
    }
    kind = "attempt.rescued" if ending.outcome is Outcome.WORKER_LOST else "attempt.finished"
    event = Event(
        kind=kind,
        actor=f"worker:{attempt.worker}",
        task=attempt.task,
        attempt=attempt.id,
        body={name: value for name, value in body.items() if value not in (None, [], 0)},
    )
    journal.append(transaction, event, now)


def _succeed(
    transaction: Transaction,
    task: Task,
    ending: Ending,
    actor: str,
    now: datetime,
    tips: Tips | None,
) -> Task:
    if ending.change is None:
        return settle.end(
            transaction,
            task,
            TaskState.DONE,
            actor=actor,
            now=now,
            result=ending.answer,
            tips=tips,
        )
    landing = replace(
        task, state=TaskState.LANDING, attempt=None, feedback=None, result=ending.answer
    )
    tasks.move(transaction, task, landing, Event(kind="task.handed_over", actor=actor), now)
    change = ending.change
    body = {"files": len(change.files), "added": change.added, "removed": change.removed}
    event = Event(kind="change.proposed", actor=actor, attempt=change.attempt, body=body)
    changes.insert(transaction, change, event, now)
    return landing


def _fail(
    transaction: Transaction,
    task: Task,
    history: Iterable[Attempt],
    ending: Ending,
    actor: str,
    now: datetime,
) -> Task:
    step = next_step(task, history, ending.outcome, now, ending.retry_at)
    if not isinstance(step, Again):
        return settle.end(
            transaction,
            task,
            TaskState.FAILED,
            actor=actor,
            now=now,
            reason=step.reason,
            message=ending.error,
            result=ending.answer,
        )
    session = ending.session or task.session
    queued = replace(
        task, state=TaskState.QUEUED, attempt=None, not_before=step.not_before, session=session
    )
    body = {"after": ending.outcome, "tried": step.tried}
    tasks.move(transaction, task, queued, Event(kind="task.queued", actor=actor, body=body), now)
    if is_stalled(ending.outcome) and not _was_told(history, ending.outcome):
        told = {
            "reason": f"{ending.outcome}: {ending.error or MEANINGS[ending.outcome].what_to_do}"
        }
        journal.append(
            transaction, Event(kind="task.stalled", actor=actor, task=task.id, body=told), now
        )
    question = ending.question if ending.outcome is Outcome.PARKED else None
    # A person may have answered while the attempt was parking.
    if question and not trust.is_trusted(transaction, question.git_dir or "", question.digest):
        approvals.ask(transaction, question, actor, now)
    return queued


def _was_told(history: Iterable[Attempt], outcome: Outcome) -> bool:
    """Tell whether the try before ended the same way: people need not hear it every minute."""
    ended = [attempt.outcome for attempt in history if attempt.outcome]
    return bool(ended) and ended[-1] is outcome


def cancel(database: Database, task_id: int, actor: str, now: datetime) -> Task:
    """Cancel a task: at once where nothing runs, else as a request to whoever owns it.

    Cancelling what is final changes nothing.
    """
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        if task.is_final or task.cancel_requested:
            return task
        if task.state in {TaskState.RUNNING, TaskState.LANDING}:
            asked = replace(task, cancel_requested=True)
            event = Event(kind="task.cancel_requested", actor=actor)
            return tasks.move(transaction, task, asked, event, now)
        return settle.end(
            transaction, task, TaskState.CANCELLED, actor=actor, now=now, reason=Outcome.CANCELLED
        )


def turn_away(
    transaction: Transaction, task_id: int, message: str, actor: str, now: datetime
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
            reason=Outcome.REJECTED,
            message=message,
        )


def hold(database: Database, task_id: int, actor: str, now: datetime, *, held: bool) -> Task:
    """Pause a task that has not started, or let it go on."""
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        if task.state not in {TaskState.BLOCKED, TaskState.QUEUED}:
            word = "held" if held else "released"
            hint = f"`deputize cancel {task.id}` stops it" if not task.is_final else None
            raise IllegalMove(f"#{task.id} is {task.state} and can't be {word}", hint=hint)
        if task.held == held:
            return task
        kind = "task.held" if held else "task.unheld"
        return tasks.move(
            transaction, task, replace(task, held=held), Event(kind=kind, actor=actor), now
        )


def retry(
    database: Database, task_id: int, actor: str, now: datetime, *, resume: bool = False
) -> Task:
    """Revive a task that failed or was cancelled, with all its tries again.

    With `resume`, the next attempt continues the agent's last session of this task.
    """
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        if task.state not in {TaskState.FAILED, TaskState.CANCELLED}:
            hint = f"`deputize cancel {task.id}` first" if not task.is_final else None
            raise IllegalMove(f"#{task.id} is {task.state}: there is nothing to retry", hint=hint)
        for need in settle.lost_needs(transaction, task.id):
            hint = f"`deputize retry {need}` first"
            raise IllegalMove(f"#{task.id} needs #{need}, which has not been done", hint=hint)
        revived = _revived(transaction, task, resume=resume)
        _withdraw_unsettled(transaction, task, actor, now)
        event = Event(kind="task.retried", actor=actor, body={"resume": resume})
        tasks.move(transaction, task, revived, event, now)
        settle.revive_dependents(transaction, revived, actor, now)
        return revived


def _revived(transaction: Transaction, task: Task, *, resume: bool) -> Task:
    session = attempts.session_of_task(transaction, task.id, task.agent) if resume else None
    unmet = tasks.unmet(transaction, task.id)
    return replace(
        task,
        state=TaskState.BLOCKED
        if unmet and task.state is TaskState.CANCELLED
        else TaskState.QUEUED,
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


def _withdraw_unsettled(transaction: Transaction, task: Task, actor: str, now: datetime) -> None:
    """Nothing of an earlier round may land beside what the new one makes."""
    change = changes.latest_of_task(transaction, task.id)
    if change is not None and change.settled_at is None:
        gone = replace(change, state=ChangeState.WITHDRAWN, settled_at=now)
        changes.move(transaction, change, gone, Event(kind="change.withdrawn", actor=actor), now)
