"""Gates: rows and values; what is closed, and what opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.event import Event
from deputize.store import journal
from deputize.store.rows import maybe, maybe_moment, maybe_text, text, to_moment, to_text, to_word

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Row, Transaction


def closed(transaction: Transaction, now: datetime) -> list[Barrier]:
    """Return what is closed at a moment."""
    return [barrier_of(row) for row in transaction.all("barriers.closed", now=to_text(now))]


def close(transaction: Transaction, barrier: Barrier, now: datetime) -> None:
    """Close something, with the event; one that is closed already stays so, until the later end."""
    transaction.run(
        "barriers.close",
        kind=barrier.kind,
        name=barrier.name,
        cause=barrier.cause,
        since=to_text(barrier.since),
        until=maybe_text(barrier.until),
        by=barrier.by,
        reason=barrier.reason,
    )
    body = {"kind": barrier.kind, "name": barrier.name, "cause": barrier.cause}
    more = {"until": maybe_text(barrier.until), "reason": barrier.reason}
    told = body | {name: value for name, value in more.items() if value}
    journal.append(transaction, Event(kind="barrier.raised", actor=barrier.by, body=told), now)


def reopen(
    transaction: Transaction, kind: BarrierKind, name: str, cause: Cause, *, by: str, now: datetime
) -> bool:
    """Open a barrier, with the event; tell whether it was closed."""
    closed_one = {"kind": kind, "name": name, "cause": cause, "now": to_text(now)}
    if not transaction.run("barriers.open", **closed_one):
        return False
    body = {"kind": kind, "name": name, "cause": cause}
    journal.append(transaction, Event(kind="barrier.lifted", actor=by, body=body), now)
    return True


def next_opening(transaction: Transaction, now: datetime) -> datetime | None:
    """Return when the next limit ends."""
    row = transaction.one("barriers.next_opening", now=to_text(now))
    return None if row is None else maybe_moment(row["at"])


def barrier_of(row: Row) -> Barrier:
    """Read a barrier from its row."""
    return Barrier(
        kind=to_word(BarrierKind, row["kind"]),
        name=text(row, "name"),
        cause=to_word(Cause, row["cause"]),
        since=to_moment(row["since"]),
        until=maybe_moment(row["until"]),
        by=text(row, "by"),
        reason=maybe(row, "reason"),
    )
