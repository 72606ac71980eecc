"""Budgets in the queue: who may begin, and what running attempts spend, added up.

What follows where an account is spent is in `spent.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.model.budget import (
    Account,
    Ceiling,
    Scope,
    Standing,
    accounts_of,
    ceiling_of,
    is_promised_away,
    promise,
    server_of,
    since,
    spent_of,
)
from deputize.queue.spent import SHARED, stop_at
from deputize.store import attempts, spending, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.attempt import Attempt, Usage
    from deputize.model.budget import Budgets, Server, Spent
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction


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
    shared = [standing for standing in found if standing.account.scope in SHARED]
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
        written = attempts.fenced(transaction, attempt).usage
        book(transaction, attempt, task, since(written, usage), now)
        attempts.use(transaction, attempt, usage)
        server = server_of(attempt.agent, attempt.provider)
        own = Standing(Account(Scope.ATTEMPT, str(attempt.id)), spent_of(usage), budgets.attempt)
        found = [own, *standings(transaction, task, server, budgets, now)]
        return next((standing for standing in found if standing.is_spent), None)


def book(
    transaction: Transaction, attempt: Attempt, task: Task, more: Spent, now: datetime
) -> None:
    """Add to all accounts of an attempt what it has used since that was written last."""
    if any(more):
        server = server_of(attempt.agent, attempt.provider)
        spending.add(transaction, accounts_of(task, server, now.date()), more)
