"""Our side of what is measured: a worker's claims and ends, as the worker makes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deputize import queue
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.model.task import Place, Task
from deputize.model.worker import Worker
from deputize.queue import Ending
from deputize.store import tasks, workers

if TYPE_CHECKING:
    from deputize.store.database import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENDING = Ending(outcome=Outcome.SUCCEEDED)
QUEUED = Event(kind="task.queued", actor="person:bench", body={"title": "bench"})


def sign_on(database: Database, name: str = "w1") -> Worker:
    """Register a worker."""
    worker = Worker(
        id=name, identity="1:1:boot:host", host="host", roles=(), slots=10, started_at=NOW,
        seen_at=NOW, draining=False, stopped_at=None, doorbell=None,
    )  # fmt: skip
    with database.write() as transaction:
        workers.register(transaction, worker, NOW)
    return worker


def task() -> Task:
    """Make a task that wants no repository."""
    return Task(
        id=0, title="bench", prompt="Do what is written in TODO.md", role="inspector", kind=None,
        state=TaskState.QUEUED, held=False, priority=5, place=Place.SCRATCH, repo=None,
        git_dir=None, base=None, target=None, scope=(), agent="copilot", model=None, provider=None,
        checks=(), timeout_seconds=3600, idle_timeout_seconds=900, attempts=None, not_before=None,
        key=None, key_digest=None, session=None, round_start=1, rework_count=0, feedback=None,
        attempt=None, cancel_requested=False, created_at=NOW, started_at=None, finished_at=None,
        result=None, reason=None, message=None, labels=(), lock=None, plan=None, origin="cli",
        budget_tokens=None, budget_usd=None, root=None, host=None, output=None,
        commands=(),
    )  # fmt: skip


def enqueue(database: Database, count: int) -> float:
    """Add tasks, a commit for each; return how long it took."""
    new = task()
    began = time.perf_counter()
    for _ in range(count):
        with database.write() as transaction:
            tasks.insert(transaction, new, QUEUED, NOW)
    return time.perf_counter() - began


def fill(database: Database, count: int) -> None:
    """Add tasks in one commit."""
    with database.write() as transaction:
        for _ in range(count):
            tasks.insert(transaction, task(), QUEUED, NOW)


def work_off(database: Database, worker: Worker, batch: int = 1) -> tuple[float, int]:
    """Let that many slots work all off, as a worker does: what ends gives way in one commit.

    Returns how long it took, and how many tasks that were.
    """
    count = 0
    began = time.perf_counter()
    claims = queue.claim_several(database, worker, batch, NOW)
    while claims:
        count += len(claims)
        endings = [(claim.attempt, ENDING) for claim in claims]
        claims = queue.turn_over(database, endings, worker, batch, NOW).claims
    return time.perf_counter() - began, count
