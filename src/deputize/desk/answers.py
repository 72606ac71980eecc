"""Verbs by which a person answers: approve, deny, trust."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import intake, queue
from deputize.config.load import load_config
from deputize.desk import calls, consents
from deputize.desk.bells import ring
from deputize.desk.narrowing import ALL, Narrowing
from deputize.errors import Denied, InvalidInput, NotFound
from deputize.gate import questions
from deputize.git import locate as git_locate
from deputize.landing import records as landing
from deputize.model.approval import Approval, ApprovalState, Reach, Subject
from deputize.model.consent import still_missing
from deputize.store import approvals, changes, tasks, workers
from deputize.store import trust as trust_store
from deputize.workspace.processes.ancestry import is_inside_attempt
from deputize.workspace.processes.identity import ProcessIdentity

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.store.database import Transaction


def listing(desk: Desk, wanted: Narrowing = ALL) -> list[Approval]:
    """Return the open questions, oldest first; or, with a state, those in it, newest first."""
    wanted = wanted.within(list(ApprovalState))
    with desk.database.read() as transaction:
        query = approvals.unanswered if wanted.state is None else approvals.listing
        return query(transaction, limit=wanted.limit, **wanted.asked)


def latest(desk: Desk) -> Approval:
    """Return the newest open question; NotFound if there is none."""
    found = listing(desk, Narrowing(state=ApprovalState.OPEN, limit=1))
    if not found:
        raise NotFound("no question waits for you", hint="`deputize status` says where tasks stand")
    return found[0]


def find(desk: Desk, word: str) -> Approval:
    """Return the question that `a3` names, or the only open one of task `12`."""
    with desk.database.read() as transaction:
        if word.startswith("a") and word[1:].isdecimal():
            return approvals.get(transaction, int(word[1:]))
        number = word.removeprefix("#")
        if not number.isdecimal():
            hint = "`deputize approvals` shows what is open"
            message = f"{word!r} is neither an approval (a3) nor a task (12)"
            raise InvalidInput(message, hint=hint)
        task = tasks.get(transaction, int(number))
        asked = approvals.unanswered_of_task(transaction, task.id)
    if len(asked) == 1:
        return asked[0]
    if not asked:
        raise NotFound(f"#{task.id} has no open question", hint="`deputize approvals` shows them")
    listed = ", ".join(f"a{approval.id}" for approval in asked)
    raise InvalidInput(f"#{task.id} has several open questions: {listed}", hint="name one of them")


def approve(
    desk: Desk, approval_id: int, words: str | None = None, reach: Reach | None = None
) -> Approval:
    """Say yes, to a tool call as far as `reach` says.

    Denied where an agent is behind it, or who asks may not. Where it takes more than one, what is
    returned is still open.
    """
    refuse_agents(desk)
    rules = consents.rules_for(desk, approval_id)
    consents.require_right(desk, rules)
    now = desk.clock.now()
    with desk.database.write() as transaction:
        asked = _asked(transaction, approval_id)
        reach = calls.reach_of(asked, reach)
        if asked.state is ApprovalState.OPEN:
            agreed = consents.incomplete(transaction, asked, rules, desk.actor, now)
            if agreed is not None:
                return agreed
        answered = approvals.answer(
            transaction,
            asked,
            ApprovalState.APPROVED,
            by=desk.actor,
            words=words,
            now=now,
            reach=reach,
        )
        if asked.about is Subject.CALL:
            calls.answer_alike(transaction, answered, desk.actor, now)
        elif asked.about is Subject.CHANGE:
            landing.accept(transaction, asked, desk.actor, now)
        elif asked.about is Subject.BUDGET:
            queue.grant(transaction, asked, load_config(desk.home.config).budget, desk.actor, now)
        elif asked.git_dir:
            trust_store.trust(transaction, asked.git_dir, asked.digest, by=desk.actor, now=now)
            _answer_same_trust(transaction, asked.git_dir, asked.digest, desk.actor, now)
    ring(desk)
    return answered


def deny(desk: Desk, approval_id: int, words: str | None = None) -> Approval:
    """Say no: the change is rejected, or the commands stay untrusted, and the task fails."""
    refuse_agents(desk)
    now = desk.clock.now()
    with desk.database.write() as transaction:
        asked = _asked(transaction, approval_id)
        answered = approvals.answer(
            transaction, asked, ApprovalState.DENIED, by=desk.actor, words=words, now=now
        )
        message = words or f"a{asked.id} was denied"
        if asked.about is Subject.CALL:
            calls.answer_alike(transaction, answered, desk.actor, now)
        elif asked.change is not None:
            landing.reject(transaction, asked, message, desk.actor, now)
        elif asked.about is Subject.BUDGET:
            queue.refuse(transaction, asked, message, desk.actor, now)
        elif asked.task is not None:
            queue.turn_away(transaction, asked.task, message, desk.actor, now)
    ring(desk)
    return answered


def _asked(transaction: Transaction, approval_id: int) -> Approval:
    """Return a question, what it is about locked before it, in the order that all keep to."""
    asked = approvals.get(transaction, approval_id)
    if asked.change is not None:
        changes.lock(transaction, asked.change)
    if asked.task is not None:
        tasks.lock(transaction, asked.task)
    if asked.about is Subject.TRUST and asked.git_dir:
        trust_store.alone_with(transaction, asked.git_dir)
    return approvals.get(transaction, approval_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustView:
    """What a repository wants to run."""

    git_dir: str
    folder: str
    """Where people know it: the checkout, where there is one."""
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
    return TrustView(
        git_dir=git_dir,
        folder=str(location.checkout or location.git_dir),
        commands=wishes.lines,
        digest=wishes.digest,
        trusted=trusted,
    )


def trust(desk: Desk, shown: TrustView) -> None:
    """Trust exactly the commands that were shown.

    Denied where an agent is behind it, who asks may not, or it takes more than one.
    """
    refuse_agents(desk)
    rules = [
        rule for rule in load_config(desk.home.config).approvals if rule.holds_for("trust", ())
    ]
    consents.require_right(desk, rules)
    if missing := still_missing(rules, [consents.person_of(desk.actor)]):
        raise Denied(missing, hint="queue the task: its question takes several answers")
    now = desk.clock.now()
    with desk.database.write() as transaction:
        trust_store.trust(transaction, shown.git_dir, shown.digest, by=desk.actor, now=now)
        _answer_same_trust(transaction, shown.git_dir, shown.digest, desk.actor, now)
    ring(desk)


def withdraw_moot(desk: Desk, shown: TrustView) -> int:
    """Withdraw what was asked about commands that the repository no longer wants to run."""
    now = desk.clock.now()
    count = questions.withdraw_moot(
        desk.database, desk.home, by=desk.actor, now=now, git_dir=shown.git_dir
    )
    if count:
        ring(desk)
    return count


def _answer_same_trust(
    transaction: Transaction, git_dir: str, digest: str, actor: str, now: datetime
) -> None:
    """Answer all who ask about these commands; who asked about others has to look again."""
    for asked in approvals.unanswered(transaction):
        if asked.about is Subject.TRUST and asked.git_dir == git_dir:
            same = asked.digest == digest
            state = ApprovalState.APPROVED if same else ApprovalState.WITHDRAWN
            approvals.answer(transaction, asked, state, by=actor, words=None, now=now)


def refuse_agents(desk: Desk, what: str = "approve, deny or trust") -> None:
    """Raise Denied where this process belongs to an attempt: no agent approves itself."""
    with desk.database.read() as transaction:
        known = [ProcessIdentity.parse(worker.identity) for worker in workers.live(transaction)]
    if is_inside_attempt(known):
        raise Denied(
            f"an agent can't {what}: this process was started by an attempt",
            hint="run it yourself, in a terminal of your own",
        )
