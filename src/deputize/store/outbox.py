"""The outbox: what has to be told to a channel, until it has been told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.store.rows import number, text, to_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one channel."""

    event: int
    channel: str
    tries: int


def put(transaction: Transaction, event: int, channel: str, now: datetime) -> None:
    """Owe a channel an event; once is enough."""
    transaction.run("outbox.put", event=event, channel=channel, now=to_text(now))


def due(transaction: Transaction, now: datetime, limit: int = 50) -> list[Delivery]:
    """Return deliveries whose time has come, oldest first."""
    return [
        Delivery(
            event=number(row, "event"), channel=text(row, "channel"), tries=number(row, "tries")
        )
        for row in transaction.all("outbox.due", now=to_text(now), limit=limit)
    ]


def later(transaction: Transaction, delivery: Delivery, at: datetime, error: str) -> None:
    """Try a delivery again at a later moment."""
    transaction.run(
        "outbox.later",
        event=delivery.event,
        channel=delivery.channel,
        not_before=to_text(at),
        error=error,
    )


def take(transaction: Transaction, delivery: Delivery) -> None:
    """Strike a delivery off."""
    transaction.run("outbox.take", event=delivery.event, channel=delivery.channel)
