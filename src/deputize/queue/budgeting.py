"""Budgets in the queue: what an attempt spends is added up, and what is spent starts nothing more.

A spent account asks a person. What waits because of it waits at the question where it is a task's,
behind a barrier where others spend on the same account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.barrier import QUEUE, Barrier, BarrierKind, Cause
from deputize.model.budget import (
    Account,
    Ceiling,
    Scope,
    Standing,
    account_of,
    accounts_of,
    as_much_again,
    ceiling_of,
    is_promised_away,
    promise,
    server_of,
    since,
    spent_of,
)
from deputize.model.outcome import Outcome
from deputize.queue.requests import turn_away
from deputize.store import approvals, attempts, barriers, spending, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.attempt import Attempt, Usage
    from deputize.model.budget import Budgets, Server
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction

_KINDS = {
    Scope.PLAN: BarrierKind.PLAN,
    Scope.DAY: BarrierKind.ALL,
    Scope.PROVIDER: BarrierKind.PROVIDER,
    Scope.AGENT: BarrierKind.AGENT,
}
"""What a barrier closes for those who spend on an account together."""


class Admission(NamedTuple):
    """Whether a task may begin."""

    promised: Ceiling | None
    """What its attempt may come to, where it may begin."""
    waits_for: Account | None = None
    """The account whose rest is promised to others that run."""


FREE = Admission(Ceiling())


def admit(
    transaction: Transaction, task: Task, server: Server, budgets: Budgets, now: datetime
) -> Admission:
    """Say whether there is money for an attempt; where an account is spent, a person is asked."""
    if not budgets.is_set and task.budget_tokens is None and task.budget_usd is None:
        return FREE
    found = standings(transaction, task, server, budgets, now)
    spent = next((standing for standing in found if standing.is_spent), None)
    if spent is not None:
        stop_at(transaction, spent, task, now)
        return Admission(None)
    promised = promise(budgets.attempt, found)
    waits_for = _promised_away(transaction, found, promised, now)
    return Admission(None if waits_for else promised, waits_for)


def short_of(
    transaction: Transaction, task: Task, budgets: Budgets, now: datetime
) -> Account | None:
    """Return the account whose rest is promised to others that run, where a task waits for it."""
    if not budgets.is_set:
        return None
    server = server_of(task.agent, task.provider)
    found = standings(transaction, task, server, budgets, now)
    return _promised_away(transaction, found, promise(budgets.attempt, found), now)


def _promised_away(
    transaction: Transaction, found: Sequence[Standing], promised: Ceiling, now: datetime
) -> Account | None:
    shared = [standing for standing in found if standing.account.scope in _KINDS]
    if not promised.is_set or not shared:
        return None
    held = spending.reserved(transaction, now.date())
    short = (one.account for one in shared if is_promised_away(one, promised, held))
    return next(short, None)


def standings(
    transaction: Transaction, task: Task, server: Server, budgets: Budgets, now: datetime
) -> list[Standing]:
    """Return how each account of a task stands that has a budget, the narrowest first."""
    root = tasks.get(transaction, task.root) if task.root else task
    found = []
    for account in accounts_of(task, server, now.date()):
        ceiling = ceiling_of(account, budgets, root)
        if ceiling.is_set:
            spent, granted = spending.get(transaction, account)
            found.append(Standing(account, spent, ceiling, granted))
    return found


def spend(
    database: Database, attempt: Attempt, usage: Usage, budgets: Budgets, now: datetime
) -> Standing | None:
    """Write what a running attempt has used so far; return an account that it has used up.

    LeaseLost if it isn't open under its token any more.
    """
    with database.write() as transaction:
        task = tasks.get(transaction, attempt.task)
        book(transaction, attempt, task, usage, now)
        attempts.use(transaction, attempt, usage)
        server = server_of(attempt.agent, attempt.provider)
        own = Standing(Account(Scope.ATTEMPT, str(attempt.id)), spent_of(usage), budgets.attempt)
        found = [own, *standings(transaction, task, server, budgets, now)]
        return next((standing for standing in found if standing.is_spent), None)


def book(
    transaction: Transaction, attempt: Attempt, task: Task, usage: Usage, now: datetime
) -> None:
    """Add to all accounts of an attempt what it has used since that was written last."""
    written = attempts.fenced(transaction, attempt).usage
    more = since(written, usage)
    if any(more):
        server = server_of(attempt.agent, attempt.provider)
        spending.add(transaction, accounts_of(task, server, now.date()), more)


def stop_at(transaction: Transaction, standing: Standing, task: Task, now: datetime) -> None:
    """Ask a person about a spent account, once, and close what is shared."""
    account = standing.account
    reason = f"the budget of {account.label} is spent: {standing.told}"
    until = _end_of(account)
    kind = _KINDS.get(account.scope)
    if kind is not None:
        barrier = Barrier(
            kind=kind,
            name="" if kind is BarrierKind.ALL else account.name,
            cause=Cause.BUDGET,
            since=now,
            until=until,
            by=QUEUE,
            reason=reason,
        )
        same = [each for each in barriers.closed(transaction, now) if _is_same(barrier, each)]
        if any(each.by != QUEUE for each in same):
            return  # a person has refused more of it already
        if not same:
            barriers.close(transaction, barrier, now)
    question = Approval(
        id=0,
        about=Subject.BUDGET,
        subject=f"budget of {account.label}",
        digest=account.word,
        task=task.id if kind is None else None,
        change=None,
        git_dir=None,
        reason=f"{reason}; yes grants as much again",
        risk="low",
        state=ApprovalState.OPEN,
        asked_at=now,
        deadline_at=until,
        answered_at=None,
        answered_by=None,
        answer=None,
    )
    if not any(_asks_same(question, other) for other in approvals.unanswered(transaction)):
        approvals.ask(transaction, question, "queue", now)


def still_spent(transaction: Transaction, standing: Standing) -> bool:
    """Tell whether an account is as spent as it was: a person may have granted more meanwhile."""
    if standing.account.scope is Scope.ATTEMPT:
        return True
    spent, granted = spending.get(transaction, standing.account)
    return standing._replace(spent=spent, granted=granted).is_spent


def grant(
    transaction: Transaction, question: Approval, budgets: Budgets, actor: str, now: datetime
) -> None:
    """Allow as much again as the budget is, and open what was closed for it.

    What was spent beyond the budget counts besides: after a yes there is a whole budget left.
    """
    account = account_of(question.digest)
    if account.scope is not Scope.ATTEMPT:
        spent, granted = spending.get(transaction, account)
        ceiling = _ceiling(transaction, account, budgets)
        spending.grant(transaction, account, as_much_again(spent, granted, ceiling))
    _open(transaction, account, actor, now)
    for other in approvals.unanswered(transaction):
        if other.about is Subject.BUDGET and other.digest == question.digest:
            state = ApprovalState.APPROVED
            approvals.answer(transaction, other, state, by=actor, words=None, now=now)


def refuse(
    transaction: Transaction, question: Approval, message: str, actor: str, now: datetime
) -> None:
    """Grant nothing: what waits for the money is cancelled, but a day's goes on with the next."""
    account = account_of(question.digest)
    if question.task is not None:
        turn_away(transaction, question.task, message, actor, now, Outcome.BUDGET_SPENT)
    elif account.scope is Scope.PLAN:
        for task in tasks.of_plan(transaction, int(account.name)):
            turn_away(transaction, task.id, message, actor, now, Outcome.BUDGET_SPENT)
        _open(transaction, account, actor, now)
    else:
        _keep_closed(transaction, account, actor, now)


def _keep_closed(transaction: Transaction, account: Account, actor: str, now: datetime) -> None:
    """Note on the barrier of a day's account that it was a person who wants it closed."""
    name = "" if account.scope is Scope.DAY else account.name
    key = (_KINDS.get(account.scope), name, Cause.BUDGET)
    for barrier in barriers.closed(transaction, now):
        if (barrier.kind, barrier.name, barrier.cause) == key:
            barriers.close(transaction, replace(barrier, by=actor), now)


def still_closed(
    transaction: Transaction, raised: Sequence[Barrier], budgets: Budgets, now: datetime
) -> list[Barrier]:
    """Return what stays closed: what raised budgets leave money for is opened, unasked."""
    return [barrier for barrier in raised if not _is_outgrown(transaction, barrier, budgets, now)]


def _is_outgrown(
    transaction: Transaction, barrier: Barrier, budgets: Budgets, now: datetime
) -> bool:
    account = _account_behind(barrier)
    if account is None or not _ceiling(transaction, account, budgets).is_set:
        return False
    spent, granted = spending.get(transaction, account)
    standing = Standing(account, spent, _ceiling(transaction, account, budgets), granted)
    if standing.is_spent:
        return False
    _open(transaction, account, "queue", now)
    for asked in approvals.unanswered(transaction):
        if asked.about is Subject.BUDGET and asked.digest == account.word:
            state = ApprovalState.WITHDRAWN
            approvals.answer(transaction, asked, state, by="queue", words=None, now=now)
    return True


def _account_behind(barrier: Barrier) -> Account | None:
    """Return the account whose end has closed something; None where it was something else."""
    if barrier.cause is not Cause.BUDGET:
        return None
    scope = next(scope for scope, kind in _KINDS.items() if kind is barrier.kind)
    day = "" if barrier.until is None else (barrier.until - timedelta(days=1)).date().isoformat()
    return Account(scope, day, "") if scope is Scope.DAY else Account(scope, barrier.name, day)


def _ceiling(transaction: Transaction, account: Account, budgets: Budgets) -> Ceiling:
    if account.scope is Scope.TASK:
        return ceiling_of(account, budgets, tasks.get(transaction, int(account.name)))
    named = {Scope.ATTEMPT: budgets.attempt, Scope.PLAN: budgets.plan}
    return named.get(account.scope) or budgets.of_day(account)


def withdraw_over(database: Database, now: datetime) -> int:
    """Withdraw questions about days that are over; return how many."""
    with database.read() as transaction:
        over = [asked for asked in approvals.unanswered(transaction) if _is_over(asked, now)]
    for asked in over:
        with database.write() as transaction:
            current = approvals.get(transaction, asked.id)
            if current.state is ApprovalState.OPEN:
                state = ApprovalState.WITHDRAWN
                approvals.answer(transaction, current, state, by="queue", words=None, now=now)
    return len(over)


def _is_over(asked: Approval, now: datetime) -> bool:
    ends = asked.deadline_at if asked.about is Subject.BUDGET else None
    return ends is not None and ends <= now


def _open(transaction: Transaction, account: Account, actor: str, now: datetime) -> None:
    kind = _KINDS.get(account.scope)
    if kind is not None:
        name = "" if kind is BarrierKind.ALL else account.name
        barriers.reopen(transaction, kind, name, Cause.BUDGET, by=actor, now=now)


def _end_of(account: Account) -> datetime | None:
    """Return when an account is over, where it is one of a day."""
    day = account.name if account.scope is Scope.DAY else account.day
    if not day:
        return None
    return datetime.combine(datetime.fromisoformat(day), time(), UTC) + timedelta(days=1)


def _is_same(barrier: Barrier, other: Barrier) -> bool:
    return (barrier.kind, barrier.name, barrier.cause) == (other.kind, other.name, other.cause)


def _asks_same(question: Approval, other: Approval) -> bool:
    same = (question.about, question.digest, question.task)
    return same == (other.about, other.digest, other.task)
