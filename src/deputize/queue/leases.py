"""Leases: kept alive by heartbeats, by which workers also hear what people ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.attempt import LEASE_SECONDS
from deputize.store import attempts, tasks, workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from deputize.model.activity import Activity
    from deputize.model.attempt import Attempt
    from deputize.store.database import Database, Transaction


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


def beat(
    database: Database,
    worker: str,
    held: Sequence[Attempt],
    now: datetime,
    seen: Mapping[int, Activity] | None = None,
) -> Pulse:
    """Say that a worker is alive, renew its leases and tell what its attempts do, in one commit."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    lost, cancelled = set(), set()
    with database.write() as transaction:
        alive = workers.seen(transaction, worker, now, database.contention)
        for attempt in held:
            doing = (seen or {}).get(attempt.id)
            if not attempts.try_renew(transaction, attempt, until, doing):
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
