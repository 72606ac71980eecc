"""Claiming: the next task that a worker may take becomes an attempt with a lease."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deputize.model.attempt import LEASE_SECONDS, Attempt, Usage
from deputize.model.budget import server_of
from deputize.model.event import Event
from deputize.model.fallback import Substitute, dry, is_dry, open_ones, substitute_for
from deputize.model.order import NOTHING, barred, in_order, without
from deputize.model.rules import NO_RULES, Rules
from deputize.model.states import TaskState
from deputize.queue.budgeting import admit
from deputize.queue.spent import still_closed
from deputize.store import attempts, barriers, line, meta, spending, tasks
from deputize.store.line import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from deputize.model.budget import Account
    from deputize.model.limits import Limits
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database, Transaction
    from deputize.store.line import Fronts


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task, as its attempt does it, and the attempt that its worker holds the lease of."""

    task: Task
    attempt: Attempt


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


def several_in(
    transaction: Transaction, worker: Worker, count: int, now: datetime, rules: Rules
) -> list[Claim]:
    """Do what `claim_several` does, in a transaction that is open already."""
    claims: list[Claim] = []
    while len(claims) < count:
        taken = claim_in(transaction, worker, now, rules)
        if taken is None:
            break
        claims.append(taken)
    return claims


def claim_in(
    transaction: Transaction, worker: Worker, now: datetime, rules: Rules = NO_RULES
) -> Claim | None:
    """Do what `claim` does, in a transaction that is open already."""
    if rules.limits.is_set or rules.budgets.is_set:
        meta.alone(transaction, "limits")  # two that count at once would each find room
    host = worker.host if transaction.is_shared else None
    anything = Reach(worker.id, worker.roles, NOTHING, now, host)
    # Most often nothing is barred: so it is asked before that is known.
    ahead: Callable[[], Fronts] | None = line.ask_fronts(transaction, anything)
    passed: tuple[int, ...] = ()
    short: tuple[Account, ...] = ()
    while True:
        reach = reach_of(transaction, anything, rules, short)._replace(passed=passed)
        fronts = ahead() if ahead and reach == anything else line.fronts(transaction, reach)
        ahead = None  # a task that is refused changes what may be taken
        task = _next(transaction, reach, fronts, rules.limits)
        if task is None:
            return None
        passed += (task.id,)  # so that each turn gets on
        doer = _doer(task, reach, rules)
        if doer is None:
            continue
        server = server_of(doer.agent, doer.provider)
        admission = admit(transaction, task, server, rules.budgets, now)
        if admission.promised is not None:
            claim = _start(transaction, task, doer, worker, now)
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


def _next(transaction: Transaction, reach: Reach, fronts: Fronts, limits: Limits) -> Task | None:
    each = (found.front for found in fronts.values())
    order = in_order(each, reach.now, limits.ageing_seconds)
    for priority in order:
        task = line.take(transaction, reach, fronts[priority])
        if task is not None:
            return task
    return None


def _start(
    transaction: Transaction, task: Task, doer: Substitute, worker: Worker, now: datetime
) -> Claim:
    asked, task = task, _as_done_by(task, doer)
    attempt = attempts.insert(
        transaction,
        Attempt(
            id=0,
            task=task.id,
            number=0,
            token=secrets.token_hex(16),
            worker=worker.id,
            lease_expires_at=now + timedelta(seconds=LEASE_SECONDS),
            agent=task.agent,
            provider=task.provider,
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
    changed = {"state": TaskState.RUNNING, "attempt": attempt.id, "not_before": None}
    began: dict[str, Any] = changed | {"started_at": task.started_at or now}
    body = {"number": attempt.number, "agent": attempt.agent, "model": attempt.model}
    if asked.agent != attempt.agent:
        body["instead_of"] = asked.agent
    event = Event(
        kind="attempt.started",
        actor=f"worker:{worker.id}",
        attempt=attempt.id,
        worker=worker.id,
        body=body,
    )
    tasks.move(transaction, asked, asked._replace(**began), event, now)
    return Claim(task=task._replace(**began), attempt=attempt)


def _as_done_by(task: Task, doer: Substitute) -> Task:
    """Return a task as its attempt does it: model and session are those of its own agent."""
    if doer.agent == task.agent:
        return task
    return task._replace(agent=doer.agent, provider=doer.provider, model=None, session=None)
