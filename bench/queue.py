"""The queue against the least that a durable queue can do, and against its own history.

Both sides commit as durably (WAL, synchronous=FULL), in turn and in one run: only ratios are meant.
Ours keeps history, events and leases; sealing is not part of either.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench import floor
from bench.house import verdict
from deputize import queue
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.model.task import Place, Task
from deputize.model.worker import Worker
from deputize.queue import Ending
from deputize.store import line, stats, tasks, workers
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
TASKS = 1000
SHORT_HISTORY, LONG_HISTORY = 1_000, 100_000
CALLS = 60
BAR_ENQUEUE = 0.55
BAR_WORK_OFF = 0.80
BAR_GROWTH = 1.20
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORKER = Worker(
    id="w1", identity="1:1:boot:host", host="host", roles=(), slots=3, started_at=NOW, seen_at=NOW,
    draining=False, stopped_at=None, doorbell=None,
)  # fmt: skip


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        good = [*_throughput(Path(folder)), *_growth(Path(folder))]
    return 0 if all(good) else 1


def _throughput(folder: Path) -> list[bool]:
    enqueued, worked_off = [], []
    for number in range(ROUNDS):
        bare = floor.measure(folder / f"bare-{number}.db", TASKS)
        with closing(_store(folder / f"ours-{number}.db")) as database:
            enqueued.append(bare.enqueue_seconds / _enqueue(database, TASKS))
            worked_off.append(bare.work_off_seconds / _work_off(database))
    return [
        _at_least("enqueue-to-floor", statistics.median(enqueued), BAR_ENQUEUE),
        _at_least("claim-and-finish-to-floor", statistics.median(worked_off), BAR_WORK_OFF),
    ]


def _growth(folder: Path) -> list[bool]:
    """Compare what a call costs with a long history to what it costs with a short one."""
    measured = []
    for length in (SHORT_HISTORY, LONG_HISTORY):
        with closing(_store(folder / f"history-{length}.db")) as database:
            _age(database, length)
            _enqueue(database, 50)
            measured.append({name: _cost(call, database) for name, call in CALLED.items()})
    short, long = measured
    return [verdict(f"{name}-growth", long[name] / short[name], BAR_GROWTH, "x") for name in CALLED]


def _store(path: Path) -> SqliteDatabase:
    database = SqliteDatabase(path)
    with database.write() as transaction:
        workers.register(transaction, WORKER, NOW)
    return database


def _enqueue(database: SqliteDatabase, count: int) -> float:
    event = Event(kind="task.queued", actor="person:bench", body={"title": "bench"})
    began = time.perf_counter()
    for _ in range(count):
        with database.write() as transaction:
            tasks.insert(transaction, _task(), event, NOW)
    return time.perf_counter() - began


def _work_off(database: SqliteDatabase) -> float:
    """Let one slot work all off, as a worker does: finish one and take the next in one commit."""
    ending = Ending(outcome=Outcome.SUCCEEDED)
    began = time.perf_counter()
    claimed = queue.claim(database, WORKER, NOW)
    while claimed is not None:
        left = [(claimed.attempt, ending)]
        following = queue.turn_over(database, left, WORKER, 1, NOW).claims
        claimed = following[0] if following else None
    return time.perf_counter() - began


def _age(database: SqliteDatabase, length: int) -> None:
    """Give a store that many finished tasks, in large transactions."""
    event = Event(kind="task.queued", actor="person:bench")
    done = _task(TaskState.DONE)
    for start in range(0, length, 1000):
        with database.write() as transaction:
            for _ in range(start, min(start + 1000, length)):
                tasks.insert(transaction, done, event, NOW)


def _cost(call: Callable[[SqliteDatabase], object], database: SqliteDatabase) -> float:
    """Return the median seconds of a call, after a first one that warms the cache."""
    spans = []
    for _ in range(CALLS + 1):
        began = time.perf_counter()
        call(database)
        spans.append(time.perf_counter() - began)
    return statistics.median(spans[1:])


def _list_newest(database: SqliteDatabase) -> object:
    with database.read() as transaction:
        return tasks.listing(transaction, limit=50)


def _count_open(database: SqliteDatabase) -> object:
    with database.read() as transaction:
        return tasks.counts(transaction), line.oldest_ready(transaction, NOW)


def _sum_up(database: SqliteDatabase) -> object:
    with database.read() as transaction:
        return (
            stats.ended(transaction, NOW - timedelta(days=1), 5000),
            stats.depths(transaction, NOW),
            stats.loads(transaction),
        )


def _claim_one(database: SqliteDatabase) -> object:
    claimed = queue.claim(database, WORKER, NOW)
    if claimed is not None:
        queue.finish(database, claimed.attempt, Ending(outcome=Outcome.WORKER_LOST), NOW)
    return claimed


CALLED: dict[str, Callable[[SqliteDatabase], object]] = {
    "list": _list_newest,
    "counts": _count_open,
    "stats": _sum_up,
    "claim": _claim_one,
}


def _at_least(name: str, figure: float, bar: float) -> bool:
    good = figure >= bar
    print(f"{'ok' if good else 'short'} {name} {figure:.3g}x {bar:g}x")
    return good


def _task(state: TaskState = TaskState.QUEUED) -> Task:
    ended = NOW if state is TaskState.DONE else None
    return Task(
        id=0, title="bench", prompt="Do what is written in TODO.md", role="inspector", kind=None,
        state=state, held=False, priority=5, place=Place.SCRATCH, repo=None, git_dir=None,
        base=None, target=None, scope=(), agent="copilot", model=None, provider=None, checks=(),
        timeout_seconds=3600, idle_timeout_seconds=900, attempts=None, not_before=None, key=None,
        key_digest=None, session=None, round_start=1, rework_count=0, feedback=None, attempt=None,
        cancel_requested=False, created_at=NOW, started_at=ended, finished_at=ended, result=None,
        reason=None, message=None, labels=(), lock=None, plan=None, origin="cli",
        budget_tokens=None, budget_usd=None, root=None, host=None,
    )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
