"""The journal: every event in the transaction of what it tells, then sealed into one chain.

The chain is `hash = SHA-256(previous hash + canonical JSON of the entry)`, canonical by RFC 8785.
Chaining is done afterwards and in batches, so that writers never wait for one another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from deputize.model.event import EVENT_KINDS, Entry, Event
from deputize.redaction import redacted_value
from deputize.store.rows import (
    LARGEST_NUMBER,
    alike,
    from_json,
    maybe,
    maybe_number,
    maybe_text,
    number,
    text,
    to_json,
    to_moment,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from deputize.store.database import Row, Transaction

FIRST_HASH = "0" * 64


def append(
    transaction: Transaction, event: Event, now: datetime, *, task: int | None = None
) -> None:
    """Write an event, redacted and in a form that every machine hashes alike.

    `task` is the task that it is of, where the event itself does not say.
    """
    _write(transaction, event, _clean(event.body), now, task or event.task)


def cleaned(event: Event) -> Event:
    """Return an event as it may be written: without secrets, and alike on every machine."""
    return replace(event, body=_clean(event.body))


def write(transaction: Transaction, event: Event, now: datetime) -> None:
    """Write an event that is clean."""
    _write(transaction, event, event.body, now, event.task)


def jot(transaction: Transaction, event: Event, now: datetime, token: str) -> bool:
    """Write an event without secrets of the open attempt that it names; False if its lease is lost.

    This is how what happens often is written: nothing is read, and nothing looked through.
    """
    rows = transaction.run(
        "journal.jot",
        at=to_text(now),
        kind=event.kind,
        actor=event.actor,
        attempt=event.attempt,
        token=token,
        body=to_json(alike(event.body)),
    )
    return rows > 0


def _clean(body: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", alike(redacted_value(dict(body)))) if body else body


def _write(
    transaction: Transaction,
    event: Event,
    body: Mapping[str, object],
    now: datetime,
    task: int | None,
) -> None:
    if event.kind not in EVENT_KINDS:
        raise ValueError(event.kind)
    transaction.tell(
        "journal.append",
        at=to_text(now),
        kind=event.kind,
        actor=event.actor,
        task=task,
        attempt=event.attempt,
        change=event.change,
        approval=event.approval,
        worker=event.worker,
        body=to_json(body) if body else "{}",
    )


def of_task(
    transaction: Transaction,
    task: int,
    after: int = 0,
    limit: int = 10_000,
    *,
    routine: bool = True,
) -> list[Entry]:
    """Return what happened to a task after the event `after`.

    Without `routine`, tool calls are left out that the gate let pass, and how they ended.
    """
    values = {"task": task, "after": after, "limit": limit, "routine": int(routine)}
    return [_entry(row) for row in transaction.all("journal.of_task", **values)]


def recent(
    transaction: Transaction,
    *,
    after: int = 0,
    since: datetime | None = None,
    limit: int = 10_000,
    routine: bool = True,
) -> list[Entry]:
    """Return what happened after the event `after` and since a moment, sealed or not.

    `routine` as in `of_task`.
    """
    rows = transaction.all(
        "journal.recent",
        after=after,
        since=maybe_text(since),
        limit=limit,
        routine=int(routine),
    )
    return [_entry(row) for row in rows]


def before_last(
    transaction: Transaction,
    limit: int,
    *,
    task: int | None = None,
    since: datetime | None = None,
    kinds: Iterable[str] | None = None,
    routine: bool = True,
) -> int:
    """Return the event after which the last `limit` come that are of a task, since, or of kinds.

    `routine` as in `of_task`.
    """
    row = transaction.one(
        "journal.first_of_last",
        limit=limit,
        task=task,
        since=maybe_text(since),
        kinds=None if kinds is None else to_json(sorted(kinds)),
        routine=int(routine),
    )
    first = maybe_number(cast("Row", row), "id")
    return 0 if first is None else first - 1


def get(transaction: Transaction, event: int) -> Entry | None:
    """Return one event."""
    row = transaction.one("journal.get", id=event)
    return None if row is None else _entry(row)


def sealed(transaction: Transaction, after: int = 0, limit: int = 1000) -> list[Entry]:
    """Return the chained events after the place `after`: an order without gaps."""
    return [_entry(row) for row in transaction.all("journal.sealed", after=after, limit=limit)]


def chain_end(transaction: Transaction) -> tuple[int, str, int]:
    """Return place, hash and event id of the last seal."""
    row = transaction.one("journal.last_seal")
    if row is None:
        return 0, FIRST_HASH, 0
    return number(row, "seq"), text(row, "hash"), number(row, "event")


def newest(transaction: Transaction) -> int:
    """Return the id of the newest event; 0 where there is none."""
    return number(cast("Row", transaction.one("journal.newest")), "id")


def settled_until(transaction: Transaction) -> int:
    """Return the id up to which no event can come any more, though others come at the same time.

    A transaction that has asked keeps others waiting with the same question until it ends.
    """
    return number(cast("Row", transaction.one("journal.settled_until")), "id")


def unsealed(
    transaction: Transaction, after: int, limit: int = 1000, until: int = LARGEST_NUMBER
) -> list[Entry]:
    """Return events that have no place yet, in the order in which they will get one."""
    rows = transaction.all("journal.unsealed", after=after, until=until, limit=limit)
    return [_entry(row) for row in rows]


def unsealed_count(transaction: Transaction) -> int:
    """Return how many events have no place yet."""
    row = transaction.one("journal.unsealed_count", after=chain_end(transaction)[2])
    return number(cast("Row", row), "count")


def stray_count(transaction: Transaction) -> int:
    """Return how many events stand before the chain's end without a place in it."""
    row = transaction.one("journal.stray_count", until=chain_end(transaction)[2])
    return number(cast("Row", row), "count")


def add_seal(transaction: Transaction, seq: int, event: int, digest: str) -> None:
    """Give an event its place."""
    transaction.run("journal.seal", seq=seq, event=event, hash=digest)


def cursor(transaction: Transaction, name: str) -> int:
    """Return how far a reader of the chain has come."""
    row = transaction.one("journal.cursor", name=name)
    return 0 if row is None else number(row, "seq")


def move_cursor(transaction: Transaction, name: str, seq: int) -> None:
    """Note how far a reader of the chain has come."""
    transaction.run("journal.move_cursor", name=name, seq=seq)


def _entry(row: Row) -> Entry:
    keys = row.keys()
    return Entry(
        id=number(row, "id"),
        at=to_moment(row["at"]),
        kind=text(row, "kind"),
        actor=text(row, "actor"),
        task=maybe_number(row, "task"),
        attempt=maybe_number(row, "attempt"),
        change=maybe_number(row, "change"),
        approval=maybe_number(row, "approval"),
        worker=maybe(row, "worker"),
        body=cast("Mapping[str, object]", from_json(row["body"])),
        seq=maybe_number(row, "seq") if "seq" in keys else None,
        hash=maybe(row, "hash") if "hash" in keys else None,
    )
