"""The least that a durable queue on SQLite can do: one table, one index, no events, no leases."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT, prompt TEXT, priority INTEGER);
CREATE INDEX ready ON jobs (priority, id) WHERE state = 'queued';
"""
_CLAIM = """
UPDATE jobs SET state = 'running'
WHERE id = (SELECT id FROM jobs WHERE state = 'queued' ORDER BY priority, id LIMIT 1)
RETURNING id
"""


class Floor(NamedTuple):
    """How long each half took, in seconds."""

    enqueue_seconds: float
    work_off_seconds: float


def measure(path: Path, count: int) -> Floor:
    """Insert that many rows, then claim and finish each: a commit for each of the three steps.

    One connection does it all, so that the write-ahead log grows for nobody twice.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        began = time.perf_counter()
        for _ in range(count):
            _enqueue(connection)
        enqueued = time.perf_counter()
        for _ in range(count):
            _work_off(connection)
        return Floor(enqueued - began, time.perf_counter() - enqueued)


def _enqueue(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO jobs (state, prompt, priority) VALUES ('queued', 'x', 5)")
    connection.execute("COMMIT")


def _work_off(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (job,) = connection.execute(_CLAIM).fetchone()
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE jobs SET state = 'done' WHERE id = ?", (job,))
    connection.execute("COMMIT")
