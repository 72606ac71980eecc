"""One after the other: attempts end and their worker takes the next tasks, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import LeaseLost
from deputize.model.rules import NO_RULES, Rules
from deputize.model.states import TaskState
from deputize.queue.claiming import ask_ahead, several_in
from deputize.queue.endings import Ending, leave
from deputize.store import leaving

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.queue.starting import Claim
    from deputize.store.database import Database
    from deputize.store.leaving import Leaving
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
    # In one order for everybody: two that end the same tasks would wait for each other.
    each = sorted(endings, key=lambda pair: pair[0].task)
    ended, lost = [], []
    with database.write() as transaction:
        asked = leaving.ask(transaction, [attempt for attempt, _ in each])
        ahead = ask_ahead(transaction, worker, count, now, rules)
        found = asked()
        taken = ahead() if ahead else None
        for attempt, ending in each:
            stands = found.get(attempt.id)
            try:
                left = leave(transaction, attempt, stands, ending, now, tips)
            except LeaseLost:  # raised before anything is written
                lost.append(attempt)
                continue
            ended.append(left)
            if not _keeps_the_line(left, stands):
                taken = None
        return Turnover(ended, lost, several_in(transaction, worker, count, now, rules, taken))


def _keeps_the_line(left: Task, found: Leaving | None) -> bool:
    """Tell whether the next tasks are the same after an end as they were before it."""
    is_needed = found is None or found.ties.is_needed
    return left.state is not TaskState.QUEUED and left.lock is None and not is_needed
