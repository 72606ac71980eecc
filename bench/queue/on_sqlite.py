"""Ours on SQLite beside the least that a durable queue can do, and beside other queues.

All are measured in turn, round by round: only ratios within a round are meant.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.queue import bare, floor, ours
from bench.queue.beside import Unmeasured, run, seconds_per_task
from bench.verdict import at_least, note, skipped
from deputize.store.sqlite import SqliteDatabase

ROUNDS = 3
TASKS = 1000
BAR_ENQUEUE = 0.55
BAR_WORK_OFF = 0.80
TOGETHER = 2000
PROCESSES = 4


class Peer(NamedTuple):
    """Another queue, and how it is set up."""

    name: str
    program: str
    tasks: int
    how: tuple[str, ...] = ()
    bar: float | None = None


PEERS = (
    Peer("persist-queue", "persist_queue_sqlite", 1000, bar=1.0),
    Peer("dbos", "dbos_sqlite", 200, bar=5.0),
    Peer("dbos-wal", "dbos_sqlite", 200, ("wal",)),
    Peer("huey", "huey_sqlite", 1000),
    Peer("litequeue", "litequeue_sqlite", 1000),
    Peer("litequeue-full", "litequeue_sqlite", 1000, ("full",)),
)


class Round(NamedTuple):
    """Seconds for each task: to enqueue it, to claim and finish it."""

    enqueue: float
    work_off: float


def measure() -> list[bool]:
    """Measure and print; one truth for each bar."""
    rounds: dict[str, list[Round]] = defaultdict(list)
    bare_seconds: list[float] = []
    failed: dict[str, str] = {}
    for _ in range(ROUNDS):
        rounds["floor"].append(_floor())
        rounds["ours"].append(_ours())
        bare_seconds.append(_bare())
        for peer in PEERS:
            if peer.name not in failed:
                try:
                    measured = _peer(peer)
                    rounds[peer.name].append(measured)
                except Unmeasured as reason:
                    failed[peer.name] = reason.why
    _show_rates(rounds)
    _show_bare(rounds["floor"], bare_seconds)
    good = [
        at_least("sqlite-enqueue-to-floor", _ratio(rounds, "floor", 0), BAR_ENQUEUE),
        at_least("sqlite-claim-and-finish-to-floor", _ratio(rounds, "floor", 1), BAR_WORK_OFF),
    ]
    for peer in PEERS:
        if peer.name in failed:
            skipped(f"sqlite-to-{peer.name}", failed[peer.name])
        else:
            good += _told(peer, rounds)
    _show_what_they_lose()
    return good


def _show_rates(rounds: dict[str, list[Round]]) -> None:
    for name, each in rounds.items():
        enqueue, work_off = (1 / statistics.median(column) for column in zip(*each, strict=True))
        note(f"{name}: {enqueue:.0f} tasks/s enqueued, {work_off:.0f} tasks/s claimed and finished")


def _show_bare(floors: list[Round], bare_seconds: list[float]) -> None:
    pairs = zip(floors, bare_seconds, strict=True)
    ratio = statistics.median(each.work_off / seconds for each, seconds in pairs)
    note(f"the rows of ours, written by bare statements: {ratio:.3g}x of the floor")


def _told(peer: Peer, rounds: dict[str, list[Round]]) -> list[bool]:
    enqueue, work_off = (_ratio(rounds, peer.name, column) for column in (0, 1))
    if peer.bar is None:
        note(f"sqlite-to-{peer.name}: enqueue {enqueue:.3g}x, claim and finish {work_off:.3g}x")
        return []
    note(f"sqlite-to-{peer.name}: enqueue {enqueue:.3g}x")
    return [at_least(f"sqlite-claim-and-finish-to-{peer.name}", work_off, peer.bar)]


def _ratio(rounds: dict[str, list[Round]], name: str, column: int) -> float:
    """Return how many times as fast as `name` ours is: the median of the rounds."""
    pairs = zip(rounds[name], rounds["ours"], strict=True)
    return statistics.median(theirs[column] / ours_[column] for theirs, ours_ in pairs)


def _floor() -> Round:
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        bare = floor.measure(Path(folder) / "bare.db", TASKS)
    return Round(bare.enqueue_seconds / TASKS, bare.work_off_seconds / TASKS)


def _ours() -> Round:
    with (
        tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder,
        closing(SqliteDatabase(Path(folder) / "deputize.db")) as database,
    ):
        worker = ours.sign_on(database)
        enqueued = ours.enqueue(database, TASKS)
        worked_off, count = ours.work_off(database, worker)
    assert count == TASKS
    return Round(enqueued / TASKS, worked_off / TASKS)


def _bare() -> float:
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        return bare.measure(Path(folder) / "deputize.db", TASKS) / TASKS


def _peer(peer: Peer) -> Round:
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        return Round(*seconds_per_task(peer.program, folder, peer.tasks, *peer.how))


def _show_what_they_lose() -> None:
    """Print what the quick ones pay with."""
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as folder:
        try:
            told = run("persist_queue_sqlite", "together", folder, TOGETHER, PROCESSES)
            twice = int(told["handed_out"] - told["different"])
            note(f"persist-queue: {PROCESSES} processes took {twice} of {TOGETHER} tasks twice")
            told = run("huey_sqlite", "crash", folder)
            note(f"huey: of 1 task whose worker was killed, {int(told['left'])} is left")
        except Unmeasured as reason:
            skipped("sqlite-what-they-lose", reason.why)
