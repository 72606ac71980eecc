"""The verb that tells how the queue does, in numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.stats import Stats, summed
from deputize.store import stats

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk

USUAL_SPAN = timedelta(days=1)
MOST_ENDED = 5000
"""How many attempts are looked at: the cost is the same however many there have been."""


def gather(desk: Desk, since: datetime | None = None) -> Stats:
    """Return the numbers since a moment (default: a day ago)."""
    now = desk.clock.now()
    began = since or now - USUAL_SPAN
    with desk.database.read() as transaction:
        return summed(
            stats.ended(transaction, began, MOST_ENDED),
            stats.depths(transaction, now),
            stats.loads(transaction),
            since=began,
            now=now,
            most=MOST_ENDED,
        )
