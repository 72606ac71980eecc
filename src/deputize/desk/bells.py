"""Which workers there are to wake, and waking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.store import meta, workers
from deputize.workspace import doorbell
from deputize.workspace.processes.identity import (
    ProcessIdentity,
    is_gone,
    is_of_here,
    is_running,
)

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.model.worker import Worker
    from deputize.store.database import Transaction


def running_workers(transaction: Transaction, now: datetime) -> list[Worker]:
    """Return the workers that run, those that take no more tasks too."""
    return [worker for worker in workers.live(transaction) if runs(worker, now)]


def live_workers(transaction: Transaction, now: datetime) -> list[Worker]:
    """Return the workers that run and still take tasks."""
    return [worker for worker in running_workers(transaction, now) if not worker.draining]


def runs(worker: Worker, now: datetime) -> bool:
    """Tell whether a worker runs: its process does, or its heart beats where we can't look.

    That is on another host, or in another PID namespace: a container that shares the store.
    """
    identity = ProcessIdentity.parse(worker.identity)
    if is_of_here(identity) or is_gone(identity):
        return is_running(identity)
    from deputize.model.attempt import LEASE_SECONDS

    return (now - worker.seen_at).total_seconds() < LEASE_SECONDS


def ring(desk: Desk) -> None:
    """Wake every live worker; a worker that can't be woken looks for itself soon."""
    with desk.database.read() as transaction:
        meta.ring(transaction, desk.actor)
        bells = [worker.doorbell for worker in workers.live(transaction) if worker.doorbell]
    for bell in bells:
        doorbell.ring(bell)
