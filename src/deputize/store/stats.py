"""The numbers of `deputize stats`: by index, and never more rows than a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.outcome import Outcome
from deputize.model.stats import Depth, Ended, Load, Served, Waits
from deputize.store.attempts import usage_of
from deputize.store.rows import maybe, maybe_moment, number, text, to_moment, to_text, to_word

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction


def ended(transaction: Transaction, since: datetime, limit: int) -> list[Ended]:
    """Return the attempts that ended since a moment, newest first."""
    rows = transaction.all("stats.ended", since=to_text(since), limit=limit)
    return [
        Ended(
            role=text(row, "role"),
            worker=text(row, "worker"),
            outcome=to_word(Outcome, row["outcome"]),
            ready_at=maybe_moment(row["ready_at"]),
            started_at=to_moment(row["started_at"]),
            begun_at=maybe_moment(row["begun_at"]),
            finished_at=to_moment(row["finished_at"]),
            was_retried=bool(row["retried"]),
            served=Served(text(row, "agent"), maybe(row, "provider"), maybe(row, "model")),
            usage=usage_of(row),
        )
        for row in rows
    ]


def depths(transaction: Transaction, now: datetime) -> list[Depth]:
    """Return how many open tasks there are of each role and state."""
    return [
        Depth(
            role=text(row, "role"),
            state=text(row, "state"),
            task_count=number(row, "count"),
            oldest_ready_at=maybe_moment(row["ready_at"]),
        )
        for row in transaction.all("stats.depths", now=to_text(now))
    ]


def loads(transaction: Transaction) -> list[Load]:
    """Return what each live worker has in hand."""
    return [
        Load(
            worker=text(row, "id"),
            slots=number(row, "slots"),
            busy=number(row, "busy"),
            waits=Waits(
                write_count=number(row, "write_count"),
                waited_count=number(row, "waited_count"),
                waited_seconds=float(row["waited_seconds"] or 0),
                longest_seconds=float(row["longest_seconds"] or 0),
            ),
        )
        for row in transaction.all("stats.loads")
    ]
