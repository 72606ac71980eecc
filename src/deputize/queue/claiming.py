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

    Taken = Callable[[], list[Task]]
    """Gives tasks that were asked for, locked."""
    Ahead = Callable[[], Taken]
    """Asks for the tasks that come next, as it was found before."""


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
    anything = _anything(transaction, worker, now)
    asked = line.ask_free(transaction, anything, count)

    def take() -> Taken:
        order = next_ones(asked(), count, now, rules.limits.ageing_seconds)
        # Those that may begin whatever else does; the others are looked at one by one.
        plain = list(takewhile(lambda each: each.is_plain, order))
        return line.ask_take(transaction, anything, plain) if plain else list

    return take


def several_in(
    transaction: Transaction,
    worker: Worker,
    count: int,
    now: datetime,
    rules: Rules,
    taken: Taken | None = None,
) -> list[Claim]:
    """Do what `claim_several` does, in a transaction that is open already.

    `taken` has the tasks that come next, if they were asked for already.
    """
    if taken is None:
        ahead = ask_ahead(transaction, worker, count, now, rules)
        taken = ahead() if ahead else list
    claims = _start_free(transaction, worker, now, taken())
    while len(claims) < count:
        claimed = claim_in(transaction, worker, now, rules)
        if claimed is None:
            break
        claims.append(claimed)
    return claims


def _start_free(
    transaction: Transaction, worker: Worker, now: datetime, taken: Sequence[Task]
) -> list[Claim]:
    """Let tasks begin together, each done by its own agent."""
    if not taken:
        return []
    done = [(task, Substitute(task.agent, task.provider)) for task in taken]
    return start(transaction, done, worker, now)


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
