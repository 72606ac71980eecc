"""Accounts that are spent: a person is asked, and nothing more begins on them until there is more.

What waits because of it waits at the question where it is a task's, behind a barrier where others
spend on the same account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.barrier import QUEUE, Barrier, BarrierKind, Cause
from deputize.model.budget import (
    Account,
    Ceiling,
    Scope,
    Standing,
    account_of,
    as_much_again,
    ceiling_of,
)
from deputize.model.outcome import Outcome
from deputize.queue.requests import turn_away
from deputize.store import approvals, barriers, spending, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.budget import Budgets
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction

SHARED = {
    Scope.PLAN: BarrierKind.PLAN,
    Scope.DAY: BarrierKind.ALL,
    Scope.PROVIDER: BarrierKind.PROVIDER,
    Scope.AGENT: BarrierKind.AGENT,
}
"""What a barrier closes for those who spend on an account together."""


def stop_at(transaction: Transaction, standing: Standing, task: Task, now: datetime) -> None:
    """Ask a person about a spent account, once, and close what is shared."""
    account = standing.account
    reason = f"the budget of {account.label} is spent: {standing.told}"
    until = _end_of(account)
    kind = SHARED.get(account.scope)
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
    key = (SHARED.get(account.scope), name, Cause.BUDGET)
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
    scope = next(scope for scope, kind in SHARED.items() if kind is barrier.kind)
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
    kind = SHARED.get(account.scope)
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
