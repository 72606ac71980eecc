"""The verb that tells how the queue does, in numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.model.budget import Standing
from deputize.model.stats import Stats, summed
from deputize.store import spending, stats

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
    budgets = load_config(desk.home.config).budget
    with desk.database.read() as transaction:
        spent = [
            Standing(account, used, budgets.of_day(account))
            for account, used in spending.of_day(transaction, now.date())
        ]
        found = summed(
            stats.ended(transaction, began, MOST_ENDED),
            stats.depths(transaction, now),
            stats.loads(transaction),
            since=began,
            now=now,
            most=MOST_ENDED,
        )
    return replace(found, spent=spent)
