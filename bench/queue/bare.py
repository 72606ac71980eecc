"""The rows that ours keeps, written by bare statements: what history, events and leases cost alone.

Nothing is decided, checked or read into records here: no Python but the calls of `sqlite3`.
"""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from bench.queue import ours
from deputize.store.queries import query
from deputize.store.rows import to_text
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from pathlib import Path

_AT = to_text(ours.NOW)
_REACH = {"now": _AT, "roles": None, "host": None, "worker": "w1", "count": 1}
_BEGUN = {
    "token": "0123456789abcdef0123456789abcdef", "worker": "w1", "lease_expires_at": _AT,
    "agent": "copilot", "processes": "[]", "started_at": _AT, "input_tokens": 0,
    "output_tokens": 0, "cached_tokens": 0, "reasoning_tokens": 0, "tools": "[]",
}  # fmt: skip
_ENDED = _BEGUN | {"finished_at": _AT, "outcome": "succeeded"}
_TOLD = {"at": _AT, "actor": "worker:w1", "worker": "w1"}


_NAMES = (
    "tasks.free", "attempts.insert", "tasks.start", "journal.append", "attempts.leaving",
    "attempts.end", "tasks.end",
)  # fmt: skip
_PARAMETERS = {name: re.findall(r":(\w+)", query(name)) for name in _NAMES}


class _Statements:
    """Our statements on a connection; what is not given is NULL."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, name: str, **values: object) -> list[tuple[int, ...]]:
        """Run one."""
        given = dict.fromkeys(_PARAMETERS[name]) | values
        return self._connection.execute(query(name), given).fetchall()


def measure(path: Path, count: int) -> float:
    """Return how many seconds it takes to claim and finish that many tasks."""
    with closing(SqliteDatabase(path)) as database:
        ours.sign_on(database)
        ours.enqueue(database, count)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        began = time.perf_counter()
        held = None
        for _ in range(count + 1):
            connection.execute("BEGIN IMMEDIATE")
            held = _turn_over(_Statements(connection), held)
            connection.execute("COMMIT")
        return time.perf_counter() - began


def _turn_over(store: _Statements, held: tuple[int, int] | None) -> tuple[int, int] | None:
    """End what is held and take the next."""
    if held is not None:
        _end(store, *held)
    found = store.run("tasks.free", **_REACH)
    return _begin(store, found[0][0]) if found else None


def _end(store: _Statements, task: int, attempt: int) -> None:
    store.run("attempts.leaving", ids=f"[{attempt}]")
    store.run("attempts.end", id=attempt, **_ENDED)
    store.run("tasks.end", id=task, state="done", finished_at=_AT, cancel_requested=0)
    for kind in ("attempt.finished", "task.done"):
        store.run("journal.append", kind=kind, task=task, attempt=attempt, body="{}", **_TOLD)


def _begin(store: _Statements, task: int) -> tuple[int, int]:
    ((attempt, *_),) = store.run("attempts.insert", task=task, **_BEGUN)
    store.run("tasks.start", id=task, state="running", attempt=attempt, started_at=_AT)
    store.run(
        "journal.append", kind="attempt.started", task=task, attempt=attempt, body="{}", **_TOLD
    )
    return task, attempt
