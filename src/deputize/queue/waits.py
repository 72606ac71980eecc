"""Pauses between tries, held against a clock that may be set back while they last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.model.retry import longest_pause
from deputize.model.states import TaskState
from deputize.store import attempts, tasks

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from deputize.store.database import Database, Transaction


def shorten(database: Database, now: datetime) -> int:
    """Cut pauses that end later than any pause we make could; return how many.

    What a person or a provider has named stays as it is.
    """
    with database.read() as transaction:
        far = [
            task.id
            for task in tasks.delayed(transaction, now)
            if (pause := _pause_of(transaction, task.id))
            and task.not_before
            and task.not_before > now + pause
        ]
    return sum(_cut(database, task, now) for task in far)


def _pause_of(transaction: Transaction, task: int) -> timedelta | None:
    tried = attempts.of_task(transaction, task)
    outcome = tried[-1].outcome if tried else None
    return longest_pause(outcome) if outcome else None


def _cut(database: Database, number: int, now: datetime) -> bool:
    with database.write() as transaction:
        task, pause = tasks.lock(transaction, number), _pause_of(transaction, number)
        if task.state is not TaskState.QUEUED or pause is None or task.not_before is None:
            return False
        if task.not_before <= now + pause:
            return False
        sooner = task._replace(not_before=now + pause)
        body = {"after": "the clock was set back"}
        event = Event(kind="task.rescheduled", actor="queue", body=body)
        tasks.move(transaction, task, sooner, event, now)
        return True
