"""Gates: rows and values; what is closed, and what opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.model.gate import Cause, Gate, GateKind
from deputize.store import journal
from deputize.store.rows import maybe, maybe_moment, maybe_text, text, to_moment, to_text, to_word

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Row, Transaction


def closed(transaction: Transaction, now: datetime) -> list[Gate]:
    """Return what is closed at a moment."""
    return [gate_of(row) for row in transaction.all("gates.closed", now=to_text(now))]


def close(transaction: Transaction, gate: Gate, now: datetime) -> None:
    """Close something, with the event; one that is closed already stays so, until the later end."""
    transaction.run(
        "gates.close",
        kind=gate.kind,
        name=gate.name,
        cause=gate.cause,
        since=to_text(gate.since),
        until=maybe_text(gate.until),
        by=gate.by,
        reason=gate.reason,
    )
    body = {"kind": gate.kind, "name": gate.name, "cause": gate.cause}
    more = {"until": maybe_text(gate.until), "reason": gate.reason}
    told = body | {name: value for name, value in more.items() if value}
    journal.append(transaction, Event(kind="gate.closed", actor=gate.by, body=told), now)


def reopen(
    transaction: Transaction, kind: GateKind, name: str, cause: Cause, *, by: str, now: datetime
) -> bool:
    """Open a gate, with the event; tell whether it was closed."""
    if not transaction.run("gates.open", kind=kind, name=name, cause=cause):
        return False
    body = {"kind": kind, "name": name, "cause": cause}
    journal.append(transaction, Event(kind="gate.opened", actor=by, body=body), now)
    return True


def next_opening(transaction: Transaction, now: datetime) -> datetime | None:
    """Return when the next limit ends."""
    row = transaction.one("gates.next_opening", now=to_text(now))
    return None if row is None else maybe_moment(row["at"])


def gate_of(row: Row) -> Gate:
    """Read a gate from its row."""
    return Gate(
        kind=to_word(GateKind, row["kind"]),
        name=text(row, "name"),
        cause=to_word(Cause, row["cause"]),
        since=to_moment(row["since"]),
        until=maybe_moment(row["until"]),
        by=text(row, "by"),
        reason=maybe(row, "reason"),
    )
