"""The least that a durable queue on SQLite can do: one table, one index, no events, no leases."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

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


def enqueue(path: Path, count: int) -> float:
    """Insert that many rows, a commit each; return the seconds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        began = time.perf_counter()
        for _ in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO jobs (state, prompt, priority) VALUES ('queued', 'x', 5)"
            )
            connection.execute("COMMIT")
        return time.perf_counter() - began


def work_off(path: Path, count: int) -> float:
    """Claim and finish each row, a commit for either; return the seconds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        began = time.perf_counter()
        for _ in range(count):
            connection.execute("BEGIN IMMEDIATE")
            (job,) = connection.execute(_CLAIM).fetchone()
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE jobs SET state = 'done' WHERE id = ?", (job,))
            connection.execute("COMMIT")
        return time.perf_counter() - began
