"""Workers, and the leases that are not an attempt's: landing on a target, sealing, delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.model.event import Event
from deputize.model.worker import Worker
from deputize.redaction import version
from deputize.store import journal
from deputize.store.rows import (
    maybe,
    maybe_moment,
    maybe_text,
    number,
    text,
    to_json,
    to_moment,
    to_text,
    words,
)

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Contention, Row, Transaction


def register(transaction: Transaction, worker: Worker, now: datetime) -> None:
    """Write a new worker, with its event."""
    transaction.run(
        "workers.insert",
        id=worker.id,
        identity=worker.identity,
        host=worker.host,
        roles=to_json(worker.roles),
        slots=worker.slots,
        started_at=to_text(worker.started_at),
        seen_at=to_text(worker.seen_at),
        draining=int(worker.draining),
        stopped_at=maybe_text(worker.stopped_at),
        doorbell=worker.doorbell,
    )
    body = {"roles": list(worker.roles), "slots": worker.slots, "redaction": version()}
    journal.append(transaction, _event("worker.started", worker.id, body), now)


def seen(transaction: Transaction, worker: str, now: datetime, waits: Contention) -> bool:
    """Note that a worker is alive, and how its writes fare; False if it was given up for dead."""
    found = transaction.run(
        "workers.seen",
        id=worker,
        now=to_text(now),
        write_count=waits.write_count,
        waited_count=waits.waited_count,
        waited_seconds=round(waits.waited_seconds, 6),
        longest_seconds=round(waits.longest_seconds, 6),
    )
    return found > 0


def drain(transaction: Transaction, worker: str, now: datetime) -> bool:
    """Note that a worker takes no more tasks; False if it was so already."""
    if transaction.run("workers.drain", id=worker) == 0:
        return False
    journal.append(transaction, _event("worker.drain_requested", worker), now)
    return True


def stop(transaction: Transaction, worker: str, now: datetime, *, lost: bool = False) -> None:
    """Note that a worker ended, or was found dead."""
    if transaction.run("workers.stop", id=worker, now=to_text(now)):
        kind = "worker.lost" if lost else "worker.stopped"
        journal.append(transaction, _event(kind, worker), now)


def find(transaction: Transaction, worker: str) -> Worker | None:
    """Return a worker, one that has ended too."""
    row = transaction.one("workers.get", id=worker)
    return None if row is None else worker_of(row)


def live(transaction: Transaction) -> list[Worker]:
    """Return the workers that have not stopped, as far as the store knows."""
    return [worker_of(row) for row in transaction.all("workers.live")]


def listing(
    transaction: Transaction, *, role: str | None = None, since: datetime | None = None
) -> list[Worker]:
    """Return the workers that have not stopped, that take a role, that began since a moment."""
    rows = transaction.all("workers.listing", role=role, since=maybe_text(since))
    return [worker_of(row) for row in rows]


def take_lease(
    transaction: Transaction, name: str, *, holder: str, token: str, until: datetime, now: datetime
) -> bool:
    """Take or renew a named lease; False if somebody else holds it."""
    rows = transaction.run(
        "workers.lease",
        name=name,
        holder=holder,
        token=token,
        expires_at=to_text(until),
        now=to_text(now),
    )
    return rows > 0


def is_free(transaction: Transaction, name: str, token: str, now: datetime) -> bool:
    """Tell whether a named lease could be taken or renewed with this token."""
    return transaction.one("workers.held", name=name, token=token, now=to_text(now)) is None


def holds_lease(transaction: Transaction, name: str, token: str, now: datetime) -> bool:
    """Tell whether this token still holds the lease."""
    return transaction.one("workers.holds", name=name, token=token, now=to_text(now)) is not None


def give_back_lease(transaction: Transaction, name: str, token: str) -> None:
    """Give a lease back."""
    transaction.run("workers.give_back", name=name, token=token)


class Lapsed(NamedTuple):
    """A named lease that ran out and was not given back."""

    name: str
    holder: str
    expires_at: datetime


def lapsed(transaction: Transaction, before: datetime) -> list[Lapsed]:
    """Return the named leases that ran out before a moment."""
    return [
        Lapsed(text(row, "name"), text(row, "holder"), to_moment(row["expires_at"]))
        for row in transaction.all("workers.lapsed", before=to_text(before))
    ]


def forget_lapsed(transaction: Transaction, name: str, before: datetime) -> None:
    """Take a named lease away, unless somebody has taken it since."""
    transaction.run("workers.forget_lapsed", name=name, before=to_text(before))


def _event(kind: str, worker: str, body: dict[str, object] | None = None) -> Event:
    return Event(kind=kind, actor=f"worker:{worker}", worker=worker, body=body or {})


def worker_of(row: Row) -> Worker:
    """Read a worker from its row."""
    return Worker(
        id=text(row, "id"),
        identity=text(row, "identity"),
        host=text(row, "host"),
        roles=words(row, "roles"),
        slots=number(row, "slots"),
        started_at=to_moment(row["started_at"]),
        seen_at=to_moment(row["seen_at"]),
        draining=bool(row["draining"]),
        stopped_at=maybe_moment(row["stopped_at"]),
        doorbell=maybe(row, "doorbell"),
    )
