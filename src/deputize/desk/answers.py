"""Verbs by which a person answers: approve, deny, trust."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import intake
from deputize.desk.bells import ring
from deputize.errors import Denied, InvalidInput, NotFound
from deputize.git import locate as git_locate
from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.store import approvals, changes, settle, tasks
from deputize.store import trust as trust_store
from deputize.workspace.processes.ancestry import is_inside_attempt

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.store.database import Transaction


def unanswered(desk: Desk) -> list[Approval]:
    """Return the open questions, oldest first."""
    with desk.database.read() as transaction:
        return approvals.unanswered(transaction)


def find(desk: Desk, word: str) -> Approval:
    """Return the question that `a3` names, or the only open one of task `12`."""
    with desk.database.read() as transaction:
        if word.startswith("a") and word[1:].isdecimal():
            return approvals.get(transaction, int(word[1:]))
        number = word.removeprefix("#")
        if not number.isdecimal():
            raise InvalidInput(f"{word!r} is neither an approval (a3) nor a task (12)")
        task = tasks.get(transaction, int(number))
        asked = approvals.unanswered_of_task(transaction, task.id)
    if len(asked) == 1:
        return asked[0]
    if not asked:
        raise NotFound(f"#{task.id} has no open question", hint="`deputize approvals` shows them")
    listed = ", ".join(f"a{approval.id}" for approval in asked)
    raise InvalidInput(f"#{task.id} has several open questions: {listed}", hint="name one of them")


def approve(desk: Desk, approval_id: int, words: str | None = None) -> Approval:
    """Say yes; Denied where an agent is behind it."""
    refuse_agents()
    now = desk.clock.now()
    with desk.database.write() as transaction:
        asked = approvals.get(transaction, approval_id)
        answered = approvals.answer(
            transaction, asked, ApprovalState.APPROVED, by=desk.actor, words=words, now=now
        )
        if asked.about is Subject.CHANGE:
            _queue_change(transaction, asked, desk.actor, now)
        elif asked.git_dir:
            trust_store.trust(transaction, asked.git_dir, asked.digest, by=desk.actor, now=now)
            _answer_same_trust(transaction, asked.git_dir, asked.digest, desk.actor, now)
    ring(desk)
    return answered


def deny(desk: Desk, approval_id: int, words: str | None = None) -> Approval:
    """Say no: the change is rejected, or the commands stay untrusted, and the task fails."""
    refuse_agents()
    now = desk.clock.now()
    with desk.database.write() as transaction:
        asked = approvals.get(transaction, approval_id)
        answered = approvals.answer(
            transaction, asked, ApprovalState.DENIED, by=desk.actor, words=words, now=now
        )
        _reject(transaction, asked, desk.actor, words, now)
    ring(desk)
    return answered


def _queue_change(transaction: Transaction, asked: Approval, actor: str, now: datetime) -> None:
    change = changes.lock(transaction, asked.change or 0)
    if change.state is ChangeState.AWAITING_APPROVAL:
        queued = replace(change, state=ChangeState.QUEUED, approved_tree=asked.digest, reason=None)
        event = Event(kind="change.queued", actor=actor, approval=asked.id)
        changes.move(transaction, change, queued, event, now)


def _reject(
    transaction: Transaction, asked: Approval, actor: str, words: str | None, now: datetime
) -> None:
    if asked.change is not None:
        change = changes.lock(transaction, asked.change)
        if change.settled_at is None:
            state = ChangeState.REJECTED
            if change.state is not ChangeState.AWAITING_APPROVAL:
                state = ChangeState.WITHDRAWN
            gone = replace(change, state=state, settled_at=now, reason=words or "a person said no")
            event = Event(kind=f"change.{state}", actor=actor, approval=asked.id)
            changes.move(transaction, change, gone, event, now)
    if asked.task is None:
        return
    task = tasks.lock(transaction, asked.task)
    if task.state is TaskState.QUEUED:
        settle.end(
            transaction, task, TaskState.CANCELLED, actor=actor, now=now,
            reason=Outcome.REJECTED, message=words or f"a{asked.id} was denied",
        )  # fmt: skip
    elif task.state is TaskState.LANDING:
        settle.end(
            transaction, task, TaskState.FAILED, actor=actor, now=now,
            reason=Outcome.REJECTED, message=words or f"a{asked.id} was denied",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustView:
    """What a repository wants to run."""

    git_dir: str
    commands: tuple[str, ...]
    digest: str
    trusted: bool


def trust_view(desk: Desk, repo: str | None, target: str | None = None) -> TrustView:
    """Return the commands of a repository's file at the target's tip."""
    location = git_locate.locate(Path(repo or "."), target)
    wishes = intake.wishes_of(desk.home, location)
    git_dir = str(location.git_dir)
    with desk.database.read() as transaction:
        trusted = trust_store.is_trusted(transaction, git_dir, wishes.digest)
    return TrustView(git_dir=git_dir, commands=wishes.lines, digest=wishes.digest, trusted=trusted)


def trust(desk: Desk, shown: TrustView) -> None:
    """Trust exactly the commands that were shown; Denied where an agent is behind it."""
    refuse_agents()
    now = desk.clock.now()
    with desk.database.write() as transaction:
        trust_store.trust(transaction, shown.git_dir, shown.digest, by=desk.actor, now=now)
        _answer_same_trust(transaction, shown.git_dir, shown.digest, desk.actor, now)
    ring(desk)


def _answer_same_trust(
    transaction: Transaction, git_dir: str, digest: str, actor: str, now: datetime
) -> None:
    """One answer is enough for every task that asks about the same commands."""
    yes = ApprovalState.APPROVED
    for asked in approvals.unanswered(transaction):
        if asked.about is Subject.TRUST and (asked.git_dir, asked.digest) == (git_dir, digest):
            approvals.answer(transaction, asked, yes, by=actor, words=None, now=now)


def refuse_agents() -> None:
    """Raise Denied where this process belongs to an attempt: no agent approves itself."""
    if is_inside_attempt():
        raise Denied(
            "an agent can't approve, deny or trust: this process was started by an attempt",
            hint="run it yourself, in a terminal of your own",
        )
