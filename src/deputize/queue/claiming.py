"""Claiming: the next task that a worker may take becomes an attempt with a lease."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from deputize.model.budget import server_of
from deputize.model.fallback import Substitute, dry, is_dry, open_ones, substitute_for
from deputize.model.order import NOTHING, barred, in_order, next_ones, without
from deputize.model.rules import NO_RULES, Rules
from deputize.queue.budgeting import admit
from deputize.queue.spent import still_closed
from deputize.queue.starting import Claim, start
from deputize.store import barriers, line, meta, spending
from deputize.store.line import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from deputize.model.budget import Account
    from deputize.model.limits import Limits
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database, Transaction
    from deputize.store.line import Next

    Ahead = Callable[[], list[Next]]


def claim(
    database: Database, worker: Worker, now: datetime, rules: Rules = NO_RULES
) -> Claim | None:
    """Give the worker the next task that it may take, with a fresh lease; None if there is none.

    One that drains, or that was given up for dead, gets none.
    """
    claims = claim_several(database, worker, 1, now, rules)
    return claims[0] if claims else None


def claim_several(
    database: Database, worker: Worker, count: int, now: datetime, rules: Rules = NO_RULES
) -> list[Claim]:
    """Give the worker up to `count` tasks in one commit, each as `claim` would."""
    with database.read() as transaction:
        # Whoever looks in vain disturbs nobody who writes; what is barred is looked at below.
        if not line.fronts(transaction, Reach(worker.id, worker.roles, NOTHING, now)):
            return []
    with database.write() as transaction:
        return several_in(transaction, worker, count, now, rules)


def ask_ahead(
    transaction: Transaction, worker: Worker, count: int, now: datetime, rules: Rules
) -> Ahead | None:
    """Ask which tasks come next, where no rule has a say in it."""
    if count == 0 or rules.limits.is_set or rules.budgets.is_set:
        return None
    return line.ask_free(transaction, _anything(transaction, worker, now), count)


def several_in(
    transaction: Transaction,
    worker: Worker,
    count: int,
    now: datetime,
    rules: Rules,
    ahead: Ahead | None = None,
) -> list[Claim]:
    """Do what `claim_several` does, in a transaction that is open already.

    `ahead` has the tasks that come next, if they were asked for already.
    """
    ahead = ahead or ask_ahead(transaction, worker, count, now, rules)
    claims = _claim_free(transaction, worker, count, now, rules, ahead()) if ahead else []
    while len(claims) < count:
        taken = claim_in(transaction, worker, now, rules)
        if taken is None:
            break
        claims.append(taken)
    return claims


def _claim_free(
    transaction: Transaction,
    worker: Worker,
    count: int,
    now: datetime,
    rules: Rules,
    found: Sequence[Next],
) -> list[Claim]:
    """Take the next tasks together, as far as each may begin whatever else does."""
    order = next_ones(found, count, now, rules.limits.ageing_seconds)
    plain = list(takewhile(lambda each: each.is_plain, order))
    if not plain:
        return []
    taken = line.take_free(transaction, _anything(transaction, worker, now), plain)
    return start(
        transaction, [(task, Substitute(task.agent, task.provider)) for task in taken], worker, now
    )


def _anything(transaction: Transaction, worker: Worker, now: datetime) -> Reach:
    host = worker.host if transaction.is_shared else None
    return Reach(worker.id, worker.roles, NOTHING, now, host)


def claim_in(
    transaction: Transaction, worker: Worker, now: datetime, rules: Rules = NO_RULES
) -> Claim | None:
    """Do what `claim` does, in a transaction that is open already."""
    if rules.limits.is_set or rules.budgets.is_set:
        meta.alone(transaction, "limits")  # two that count at once would each find room
    anything = _anything(transaction, worker, now)
    passed: tuple[int, ...] = ()
    short: tuple[Account, ...] = ()
    while True:
        reach = reach_of(transaction, anything, rules, short)._replace(passed=passed)
        task = _next(transaction, reach, rules.limits)
        if task is None:
            return None
        passed += (task.id,)  # so that each turn gets on
        doer = _doer(task, reach, rules)
        if doer is None:
            continue
        server = server_of(doer.agent, doer.provider)
        admission = admit(transaction, task, server, rules.budgets, now)
        if admission.promised is not None:
            (claim,) = start(transaction, [(task, doer)], worker, now)
            if admission.promised.is_set:
                spending.reserve(transaction, claim.attempt.id, admission.promised)
            return claim
        short += (admission.waits_for,) if admission.waits_for else ()


def reach_of(
    transaction: Transaction, anything: Reach, rules: Rules, short: Sequence[Account] = ()
) -> Reach:
    """Say what is in a worker's reach, as limits and barriers stand, and money is short."""
    raised = barriers.closed(transaction, anything.now)
    raised = still_closed(transaction, raised, rules.budgets, anything.now)
    if not raised and not rules.limits.is_set and not short:
        return anything
    busy = line.busy(transaction) if rules.limits.is_set else ()
    closed = without(barred(busy, rules.limits, raised), short)
    able = open_ones(rules.fallback, closed, dry(raised))
    replaceable = frozenset(one.agent for one in rules.fallback) if able else frozenset()
    return anything._replace(barred=closed, dry=dry(raised), replaceable=replaceable)


def _doer(task: Task, reach: Reach, rules: Rules) -> Substitute | None:
    """Return who does a task: its own agent, or one that takes over while that is dry."""
    if not is_dry(task, reach.dry):
        return Substitute(task.agent, task.provider)
    return substitute_for(task, open_ones(rules.fallback, reach.barred, reach.dry))


def _next(transaction: Transaction, reach: Reach, limits: Limits) -> Task | None:
    fronts = line.fronts(transaction, reach)
    each = (found.front for found in fronts.values())
    for priority in in_order(each, reach.now, limits.ageing_seconds):
        task = line.take(transaction, reach, fronts[priority])
        if task is not None:
            return task
    return None
