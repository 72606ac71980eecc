"""Sixteen processes that claim and finish on one SQLite file as fast as they can."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.queue import ours
from bench.verdict import at_least, at_most, note
from deputize import queue
from deputize.errors import DeputizeError
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier

PROCESSES = 16
SECONDS = 5.0
TASKS = 25_000
"""More than they can do in that time."""
BAR_SHARE = 0.5


class Share(NamedTuple):
    """What one process did."""

    tasks: list[int]
    refused: list[str]
    """Errors that the store raised."""


def measure() -> list[bool]:
    """Measure and print; one truth for each bar."""
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        path = Path(folder) / "deputize.db"
        with closing(SqliteDatabase(path)) as database:
            ours.fill(database, TASKS)
        shares = _let_go(path)
    done = [task for share in shares for task in share.tasks]
    assert len(done) < TASKS
    smallest = min(len(share.tasks) for share in shares) / (len(done) / PROCESSES)
    refused = [error for share in shares for error in share.refused]
    note(f"{PROCESSES} processes: {len(done) / SECONDS:.0f} tasks/s claimed and finished")
    for error in refused[:3]:
        note(f"refused: {error}")
    return [
        at_least(f"{PROCESSES}-processes-smallest-share", smallest, BAR_SHARE, "x"),
        at_most(f"{PROCESSES}-processes-run-twice", len(done) - len(set(done)), 0),
        at_most(f"{PROCESSES}-processes-refused", len(refused), 0),
    ]


def _let_go(path: Path) -> list[Share]:
    forked = multiprocessing.get_context("fork")
    start, told = forked.Barrier(PROCESSES), forked.Queue()
    processes = [
        forked.Process(target=_work, args=(path, f"w{number}", start, told))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    shares = [told.get() for _ in processes]
    for process in processes:
        process.join()
    return shares


def _work(path: Path, name: str, start: Barrier, told: Queue[Share]) -> None:
    with closing(SqliteDatabase(path)) as database:
        worker = ours.sign_on(database, name)
        share = Share([], [])
        claims: list[queue.Claim] = []
        start.wait()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            endings = [(claim.attempt, ours.ENDING) for claim in claims]
            try:
                turnover = queue.turn_over(database, endings, worker, 1, ours.NOW)
            except DeputizeError as error:
                share.refused.append(error.message)
                continue
            share.tasks.extend(task.id for task in turnover.ended)
            share.refused.extend(f"attempt {lost.id} was lost" for lost in turnover.lost)
            claims = turnover.claims
        told.put(share)
