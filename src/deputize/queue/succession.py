"""One after the other: an attempt ends and its worker takes the next task, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.limits import NO_LIMITS, Limits
from deputize.queue.claiming import Claim, claim_in
from deputize.queue.endings import Ending, finish_in

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Database
    from deputize.store.settle import Tips


def finish_and_claim(
    database: Database,
    attempt: Attempt,
    ending: Ending,
    worker: Worker,
    now: datetime,
    limits: Limits = NO_LIMITS,
    tips: Tips | None = None,
) -> tuple[Task, Claim | None]:
    """Close an attempt and give its worker the next task that it may take, if there is one.

    LeaseLost if the right to the attempt is gone: then nothing is taken either.
    """
    with database.write() as transaction:
        task = finish_in(transaction, attempt, ending, now, tips)
        return task, claim_in(transaction, worker, now, limits)
