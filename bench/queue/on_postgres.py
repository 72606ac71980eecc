"""Ours on PostgreSQL beside the least that a queue can do there, and beside other queues.

synchronous_commit is on, and each is measured in turn on a database of its own.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg

from bench.queue import ours
from bench.queue.beside import Unmeasured, run, seconds_per_task
from bench.verdict import at_least, note, skipped
from deputize.store.postgres import PostgresDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.queue.server import Bases

ROUNDS = 3
TASKS, MANY_TASKS = 800, 3000
BATCH = 10
BAR_FLOOR, BAR_PROCRASTINATE, BAR_PGQUEUER = 0.80, 2.0, 0.50
RAN = 25

_SCHEMA = b"""
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL, prompt text NOT NULL,
    priority int NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX ready ON jobs (priority, id) WHERE state = 'queued';
INSERT INTO jobs (state, prompt, priority) SELECT 'queued', 'x', 5 FROM generate_series(1, 800);
"""
_CLAIM = b"""
UPDATE jobs SET state = 'running' WHERE id = (
    SELECT id FROM jobs WHERE state = 'queued' ORDER BY priority, id LIMIT 1
    FOR UPDATE SKIP LOCKED
) RETURNING id
"""
_FINISH = b"UPDATE jobs SET state = 'done' WHERE id = %s"


def measure(bases: Bases) -> list[bool]:
    """Measure and print; one truth for each bar."""
    sides: dict[str, Callable[[str], float]] = {
        "floor": _floor,
        "ours": lambda address: _ours(address, TASKS, 1),
        "ours-in-batches": lambda address: _ours(address, MANY_TASKS, BATCH),
        "procrastinate": lambda address: _peer("procrastinate_postgres", address, TASKS, 1),
        "procrastinate-10": lambda address: _peer("procrastinate_postgres", address, TASKS, BATCH),
        "pgqueuer": lambda address: _peer("pgqueuer_postgres", address, MANY_TASKS, BATCH),
    }
    rounds: dict[str, list[float]] = defaultdict(list)
    failed: dict[str, str] = {}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            if name not in failed:
                try:
                    measured = side(bases.make())
                    rounds[name].append(measured)
                except Unmeasured as reason:
                    failed[name] = reason.why
    good = _told(rounds, failed)
    _show_what_is_lost(bases)
    return good


def _told(rounds: dict[str, list[float]], failed: dict[str, str]) -> list[bool]:
    bars = (
        ("floor", "ours", BAR_FLOOR),
        ("procrastinate", "ours", BAR_PROCRASTINATE),
        ("procrastinate-10", "ours-in-batches", BAR_PROCRASTINATE),
        ("pgqueuer", "ours-in-batches", BAR_PGQUEUER),
    )
    for name, each in rounds.items():
        note(f"{name}: {1 / statistics.median(each):.0f} tasks/s claimed and finished")
    good = []
    for other, side, bar in bars:
        if other in failed:
            skipped(f"postgres-to-{other}", failed[other])
            continue
        pairs = zip(rounds[other], rounds[side], strict=True)
        ratio = statistics.median(theirs / own for theirs, own in pairs)
        good.append(at_least(f"postgres-claim-and-finish-to-{other}", ratio, bar))
    return good


def _floor(address: str) -> float:
    """Claim and finish each of the tasks by two updates in two commits."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        connection.prepare_threshold = 1
        count = 0
        began = time.perf_counter()
        while (taken := connection.execute(_CLAIM).fetchone()) is not None:
            connection.execute(_FINISH, taken)
            count += 1
        spent = time.perf_counter() - began
    assert count == TASKS
    return spent / count


def _ours(address: str, count: int, batch: int) -> float:
    with closing(PostgresDatabase(address)) as database:
        worker = ours.sign_on(database)
        ours.fill(database, count)
        spent, done = ours.work_off(database, worker, batch)
    assert done == count
    return spent / count


def _peer(program: str, address: str, count: int, batch: int) -> float:
    return seconds_per_task(program, address, count, str(batch))[1]


def _show_what_is_lost(bases: Bases) -> None:
    try:
        told = run("pgqueuer_postgres", "crash", bases.make(), RAN, BATCH)
    except Unmeasured as reason:
        skipped("postgres-what-is-lost", reason.why)
        return
    note(f"pgqueuer: of {RAN} tasks that a killed worker had ended, {int(told['known'])} are known")
