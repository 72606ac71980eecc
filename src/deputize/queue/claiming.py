"""Claiming: the next task that a worker may take becomes an attempt with a lease."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.attempt import LEASE_SECONDS, Attempt, Usage
from deputize.model.event import Event
from deputize.model.order import NOTHING, barred, in_order, without
from deputize.model.rules import NO_RULES, Rules
from deputize.model.states import TaskState
from deputize.queue.budgeting import admit
from deputize.store import attempts, barriers, line, meta, spending, tasks, workers
from deputize.store.line import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.budget import Account
    from deputize.model.limits import Limits
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task and the attempt that its worker holds the lease of."""

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
        if not line.fronts(transaction, Reach(worker.roles, NOTHING, now)):
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
    if not workers.may_claim(transaction, worker.id):
        return None
    if rules.limits.is_set or rules.budgets.is_set:
        meta.alone(transaction, "limits")  # two that count at once would each find room
    short: list[Account] = []
    while True:
        reach = reach_of(transaction, worker.roles, now, rules.limits, short)
        task = _next(transaction, reach, now, rules.limits)
        if task is None:
            return None
        admission = admit(transaction, task, rules.budgets, now)
        if admission.promised is not None:
            claim = _start(transaction, task, worker, now)
            if admission.promised.is_set:
                spending.reserve(transaction, claim.attempt.id, admission.promised)
            return claim
        short += [admission.waits_for] if admission.waits_for else []


def reach_of(
    transaction: Transaction,
    roles: tuple[str, ...],
    now: datetime,
    limits: Limits,
    short: Sequence[Account] = (),
) -> Reach:
    """Say what is in a worker's reach, as limits and barriers stand, and money is short."""
    raised = barriers.closed(transaction, now)
    if not raised and not limits.is_set and not short:
        return Reach(roles, NOTHING, now)
    busy = line.busy(transaction) if limits.is_set else ()
    return Reach(roles, without(barred(busy, limits, raised), short), now)


def _next(transaction: Transaction, reach: Reach, now: datetime, limits: Limits) -> Task | None:
    fronts = line.fronts(transaction, reach)
    for priority in in_order(fronts, now, limits.ageing_seconds):
        task = line.claimable(transaction, reach, priority)
        if task is not None:
            return task
    return None


def _start(transaction: Transaction, task: Task, worker: Worker, now: datetime) -> Claim:
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
