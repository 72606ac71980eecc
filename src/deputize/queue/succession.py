"""One after the other: attempts end and their worker takes the next tasks, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import LeaseLost
from deputize.model.rules import NO_RULES, Rules
from deputize.queue.claiming import Claim, several_in
from deputize.queue.endings import Ending, finish_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database
    from deputize.store.settle import Tips


class Turnover(NamedTuple):
    """What came of ending several attempts and taking several tasks."""

    ended: list[Task]
    lost: list[Attempt]
    """Attempts whose right was gone: nothing of them was written."""
    claims: list[Claim]


def turn_over(
    database: Database,
    endings: Iterable[tuple[Attempt, Ending]],
    worker: Worker,
    count: int,
    now: datetime,
    rules: Rules = NO_RULES,
    tips: Tips | None = None,
) -> Turnover:
    """Close attempts and give their worker up to `count` tasks, all in one commit.

    An attempt that is lost doesn't keep the others from ending.
    """
    ended, lost = [], []
    with database.write() as transaction:
        # In one order for everybody: two that end the same tasks would wait for each other.
        for attempt, ending in sorted(endings, key=lambda pair: pair[0].task):
            try:
                ended.append(finish_in(transaction, attempt, ending, now, tips))
            except LeaseLost:  # raised before anything is written
                lost.append(attempt)
        return Turnover(ended, lost, several_in(transaction, worker, count, now, rules))
