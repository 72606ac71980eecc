"""The rows of landing: each step of a change with what it means for its task, at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.landing import judging
from deputize.landing.judging import ACTOR
from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.race import Turn
from deputize.model.states import ChangeState, TaskState
from deputize.store import approvals, attempts, changes, races, settle, tasks, trust

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.config.trust import Wishes
    from deputize.model.change import Change, CheckResult
    from deputize.store.database import Database, Transaction
    from deputize.store.settle import Tips

_TOLD = {ChangeState.CHECKING: "change.check_started"}
"""Events that don't have the name of the state they lead to: an event is what has happened."""


def step(
    database: Database,
    change: Change,
    state: ChangeState,
    now: datetime,
    *,
    kind: str | None = None,
    body: dict[str, object] | None = None,
    **columns: object,
) -> Change:
    """Move a change on, or note something of it where `state` is its own."""
    with database.write() as transaction:
        old = changes.lock(transaction, change.id)
        new = replace(old, state=state, **columns)  # type: ignore[arg-type]
        event = Event(
            kind=kind or _TOLD.get(state, f"change.{state}"), actor=ACTOR, body=body or {}
        )
        return changes.move(transaction, old, new, event, now)


def block(database: Database, change: Change, reason: str, now: datetime) -> None:
    """Note what keeps a change from landing until somebody has mended it."""
    body: dict[str, object] = {"reason": reason}
    step(database, change, change.state, now, kind="change.blocked", reason=reason, body=body)


def ask(database: Database, change: Change, reason: str, now: datetime) -> Change:
    """Let a change wait for a person; the question is bound to its tree."""
    with database.write() as transaction:
        old = changes.lock(transaction, change.id)
        new = replace(old, state=ChangeState.AWAITING_APPROVAL, reason=reason)
        event = Event(kind="change.deferred", actor=ACTOR, body={"reason": reason})
        changes.move(transaction, old, new, event, now)
        approvals.ask(transaction, _question(new, reason, now), ACTOR, now)
        return new


def _question(change: Change, reason: str, now: datetime) -> Approval:
    return Approval(
        id=0,
        about=Subject.CHANGE,
        subject=f"change c{change.id} of #{change.task}",
        digest=change.tree,
        task=change.task,
        change=change.id,
        git_dir=change.git_dir,
        reason=reason,
        risk=change.risk,
        state=ApprovalState.OPEN,
        asked_at=now,
        deadline_at=None,
        answered_at=None,
        answered_by=None,
        answer=None,
    )


def ask_trust(database: Database, change: Change, wishes: Wishes, now: datetime) -> bool:
    """Tell whether a repository's commands are trusted; else ask a person, once per task."""
    digest = wishes.digest
    with database.write() as transaction:
        if trust.will_be_trusted(transaction, change.git_dir, digest):
            return True
        asked = approvals.unanswered_of_task(transaction, change.task)
        if not any(other.digest == digest for other in asked):
            reason = "the repository wants to: " + "; ".join(wishes.lines)
            question = replace(
                _question(change, reason, now),
                about=Subject.TRUST,
                subject=f"commands of deputize.toml in {change.repo}",
                digest=digest,
            )
            approvals.ask(transaction, question, ACTOR, now)
        return False


def accept(transaction: Transaction, asked: Approval, actor: str, now: datetime) -> None:
    """Put a change in line that a person approved, for exactly the tree that was asked about."""
    change = changes.lock(transaction, asked.change or 0)
    if change.state is ChangeState.AWAITING_APPROVAL:
        queued = replace(change, state=ChangeState.QUEUED, approved_tree=asked.digest, reason=None)
        event = Event(kind="change.queued", actor=actor, approval=asked.id)
        changes.move(transaction, change, queued, event, now)


def reject(
    transaction: Transaction, asked: Approval, message: str, actor: str, now: datetime
) -> None:
    """Take a change out of line that a person refused; its task has failed."""
    change = changes.lock(transaction, asked.change or 0)
    if change.settled_at is not None:
        return
    awaited = change.state is ChangeState.AWAITING_APPROVAL
    state = ChangeState.REJECTED if awaited else ChangeState.WITHDRAWN
    gone = replace(change, state=state, settled_at=now, reason=message)
    event = Event(kind=f"change.{state}", actor=actor, approval=asked.id)
    changes.move(transaction, change, gone, event, now)
    task = tasks.lock(transaction, change.task)
    if task.state is TaskState.LANDING:
        settle.end(
            transaction,
            task,
            TaskState.FAILED,
            actor=actor,
            now=now,
            reason=Outcome.REJECTED,
            message=message,
        )


def land(
    database: Database,
    change: Change,
    commit: str,
    now: datetime,
    tips: Tips | None = None,
    *,
    note: str | None = None,
    branch: str | None = None,
) -> None:
    """Record that the target contains a change: its task is done, its dependents start from it.

    With `branch`, it is on that branch of its own and the target has not moved.
    """
    note = f"on branch {branch}" if branch else note
    with database.write() as transaction:
        old = _checking(transaction, changes.lock(transaction, change.id), now)
        new = replace(
            old, state=ChangeState.LANDED, landed_commit=commit, settled_at=now, reason=note
        )
        body = {"commit": commit, "target": branch or change.target, "files": len(change.files)}
        changes.move(
            transaction, old, new, Event(kind="change.landed", actor=ACTOR, body=body), now
        )
        others = races.lock_others(transaction, tasks.get(transaction, change.task))
        task = tasks.lock(transaction, change.task)
        if task.state is TaskState.LANDING:
            there = {**(tips or {}), (change.git_dir, change.target): commit}
            races.stop_others(transaction, task, others, ACTOR, now)
            settle.end(transaction, task, TaskState.DONE, actor=ACTOR, now=now, tips=there)


def _checking(transaction: Transaction, change: Change, now: datetime) -> Change:
    """Let a change that was checked before, and only waited, take its last step from there."""
    if change.state is ChangeState.CHECKING:
        return change
    new = replace(change, state=ChangeState.CHECKING)
    event = Event(kind="change.check_started", actor=ACTOR, body={"reused": True})
    return changes.move(transaction, change, new, event, now)


def take_turn(database: Database, change: Change, now: datetime) -> Turn:
    """Say what a change may do where it races; that it may land is written before it does."""
    with database.read() as transaction:
        race = races.of_task(transaction, tasks.get(transaction, change.task))
    if race is None or race.chosen == change.id:
        return Turn.LAND
    with database.write() as transaction:
        return judging.take_turn(transaction, change, now)


def withdraw(database: Database, change: Change, now: datetime) -> None:
    """Take a change out of the queue because its task was cancelled."""
    with database.write() as transaction:
        _withdraw(transaction, changes.lock(transaction, change.id), now)


def _withdraw(transaction: Transaction, old: Change, now: datetime) -> None:
    task = tasks.lock(transaction, old.task)
    reason, message = races.cancelled_as(transaction, task)
    why = message or "task cancelled"
    new = replace(old, state=ChangeState.WITHDRAWN, settled_at=now, reason=why)
    changes.move(transaction, old, new, Event(kind="change.withdrawn", actor=ACTOR), now)
    if task.state is TaskState.LANDING:
        races.leave_judge(transaction, task, ACTOR, now)
        settle.end(
            transaction, task, TaskState.CANCELLED, actor=ACTOR, now=now,
            reason=reason, message=message,
        )  # fmt: skip


def send_back(  # noqa: PLR0913 - what a rework is told
    database: Database,
    change: Change,
    *,
    reason: Outcome,
    message: str,
    feedback: str,
    base: str,
    granted: int,
    checks: tuple[CheckResult, ...],
    now: datetime,
) -> bool:
    """Send a change back to an agent as rework, or quarantine it where none is left.

    Tells whether it was sent back. Where a person cancelled the task meanwhile, that holds.
    """
    with database.write() as transaction:
        old = changes.lock(transaction, change.id)
        task = tasks.lock(transaction, change.task)
        if task.cancel_requested:
            _withdraw(transaction, old, now)
            return False
        rework = task.rework_count < granted
        state = ChangeState.SUPERSEDED if rework else ChangeState.QUARANTINED
        new = replace(old, state=state, reason=message, checks=checks, settled_at=now)
        event = Event(kind=f"change.{state}", actor=ACTOR, body={"reason": message})
        changes.move(transaction, old, new, event, now)
        if rework:
            last = attempts.get(transaction, change.attempt)
            again = task._replace(
                state=TaskState.QUEUED,
                base=base,
                feedback=feedback,
                session=last.session,
                rework_count=task.rework_count + 1,
                round_start=last.number + 1,
                result=None,
            )
            body = {"reason": reason, "message": message, "rework": again.rework_count}
            event = Event(kind="task.reworked", actor=ACTOR, body=body)
            tasks.move(transaction, task, again, event, now)
        else:
            settle.end(
                transaction, task, TaskState.FAILED, actor=ACTOR, now=now,
                reason=reason, message=message,
            )  # fmt: skip
        return rework
