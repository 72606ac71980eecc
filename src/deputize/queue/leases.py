"""Who works on what: tasks are claimed under a lease, and leases are kept alive."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.attempt import LEASE_SECONDS, Attempt, Usage
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.store import attempts, tasks, workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task and the attempt that its worker holds the lease of."""

    task: Task
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a heartbeat brought back."""

    lost: frozenset[int]
    """Attempts whose lease is gone: stop them, write nothing."""
    cancelled: frozenset[int]
    """Attempts that a person asked to stop."""
    draining: bool
    given_up: bool
    """Somebody took this worker for dead."""


def claim(database: Database, worker: Worker, now: datetime) -> Claim | None:
    """Give the worker the next task that it may take, with a fresh lease; None if there is none.

    One that drains, or that was given up for dead, gets none.
    """
    with database.read() as transaction:
        if tasks.claimable(transaction, worker.roles, now) is None:
            return None
    with database.write() as transaction:
        task = tasks.claim(transaction, worker.roles, now)
        if task is None or not workers.may_claim(transaction, worker.id):
            return None
        return _start(transaction, task, worker, now)


def _start(transaction: Transaction, task: Task, worker: Worker, now: datetime) -> Claim:
    attempt = attempts.insert(
        transaction,
        Attempt(
            id=0,
            task=task.id,
            number=attempts.next_number(transaction, task.id),
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


def beat(database: Database, worker: str, held: Sequence[Attempt], now: datetime) -> Pulse:
    """Say that a worker is alive and renew its leases, in one commit."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    lost, cancelled = set(), set()
    with database.write() as transaction:
        alive = workers.seen(transaction, worker, now)
        for attempt in held:
            if not attempts.try_renew(transaction, attempt, until):
                lost.add(attempt.id)
            elif tasks.get(transaction, attempt.task).cancel_requested:
                cancelled.add(attempt.id)
        draining = any(row.draining for row in workers.live(transaction) if row.id == worker)
    return Pulse(
        lost=frozenset(lost),
        cancelled=frozenset(cancelled),
        draining=draining,
        given_up=not alive,
    )


def is_wanted(transaction: Transaction, worker: str, held: Iterable[int]) -> bool:
    """Tell whether a person asked this worker to drain, or to stop one of its attempts."""
    if any(row.draining for row in workers.live(transaction) if row.id == worker):
        return True
    open_tasks = (attempts.get(transaction, attempt).task for attempt in held)
    return any(tasks.get(transaction, task).cancel_requested for task in open_tasks)
