"""A store with a long history: one task that was really done, many times over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from bench.queue import ours
from deputize import queue
from deputize.store.rows import to_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deputize.store.database import Database

RECENT = 1000
"""How many of them ended a moment ago; the others did long before."""
LONG_AGO = timedelta(days=90)
_MOMENTS = frozenset(
    {"created_at", "started_at", "finished_at", "ready_at", "begun_at", "lease_expires_at", "at"}
)
EVENTS = 4
"""What is told of each task: it was queued, its attempt began and ended, it was done."""


def do_one(database: Database) -> None:
    """Add a task, claim it and finish it, all a moment ago."""
    worker = ours.sign_on(database)
    ours.enqueue(database, 1)
    now = datetime.now(UTC)
    claimed = queue.claim(database, worker, now)
    assert claimed is not None
    queue.finish(database, claimed.attempt, ours.ENDING, now)


def repeat_in_file(path: Path, count: int) -> None:
    """Copy it, with its attempt, its events and their seals, in one transaction on SQLite."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for table in ("tasks", "attempts", "events"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            connection.execute(_copies(table, columns, count, _NUMBERS))
        connection.execute(_SEALS)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def repeat_on_server(address: str, count: int) -> None:
    """Do the same on PostgreSQL."""
    with psycopg.connect(address, autocommit=True) as connection:
        with connection.transaction():
            for table in ("tasks", "attempts", "events"):
                found = connection.execute(_COLUMNS, (table,)).fetchall()
                columns = [str(row[0]) for row in found]
                connection.execute(_copies(table, columns, count, _NUMBERS_THERE).encode())
                connection.execute(_SEQUENCE.format(table=table).encode())
            connection.execute(_SEALS.encode())
        connection.execute(b"VACUUM ANALYZE")


_NUMBERS = "WITH RECURSIVE copies (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM copies WHERE n < {})"
_NUMBERS_THERE = "WITH copies (n) AS (SELECT generate_series(2, {}))"
_COLUMNS = b"""
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s
"""
_SEQUENCE = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
_SEALS = "INSERT INTO seals (seq, event, hash) SELECT id, id, 'of ' || id FROM events"


def _copies(table: str, columns: Sequence[str], count: int, numbers: str) -> str:
    """Return the statement that copies the rows of the one task that is there."""
    values = ", ".join(_value(table, column, count) for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    only = " WHERE source.task IS NOT NULL" if table == "events" else ""
    return (
        f"{numbers.format(count)} INSERT INTO {table} ({names})"  # noqa: S608 - the store's own names
        f" SELECT {values} FROM copies CROSS JOIN {table} source{only}"
    )


def _value(table: str, column: str, count: int) -> str:
    own = f'source."{column}"'
    if column == "id":
        return f"n * {EVENTS} + {own}" if table == "events" else "n"
    if column == "rank" or (column in {"task", "attempt"} and table != "tasks"):
        return f"CASE WHEN {own} IS NULL THEN NULL ELSE n END"
    if column in _MOMENTS:
        long_ago = to_text(datetime.now(UTC) - LONG_AGO)
        return f"CASE WHEN {own} IS NULL OR n > {count - RECENT} THEN {own} ELSE '{long_ago}' END"
    return own
