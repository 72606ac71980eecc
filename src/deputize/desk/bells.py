"""Which workers there are to wake, and waking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.store import meta, workers
from deputize.workspace import doorbell
from deputize.workspace.processes.identity import ProcessIdentity, is_running

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.worker import Worker
    from deputize.store.database import Transaction


def running_workers(transaction: Transaction) -> list[Worker]:
    """Return the workers whose processes really run, those that take no more tasks too."""
    return [
        worker
        for worker in workers.live(transaction)
        if is_running(ProcessIdentity.parse(worker.identity))
    ]


def live_workers(transaction: Transaction) -> list[Worker]:
    """Return the workers whose processes really run and that still take tasks."""
    return [worker for worker in running_workers(transaction) if not worker.draining]


def ring(desk: Desk) -> None:
    """Wake every live worker; a worker that can't be woken looks for itself soon."""
    with desk.database.read() as transaction:
        meta.ring(transaction, desk.actor)
        bells = [worker.doorbell for worker in workers.live(transaction) if worker.doorbell]
    for bell in bells:
        doorbell.ring(bell)
