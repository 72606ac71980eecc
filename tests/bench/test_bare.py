"""The rows that the queue is measured beside are those that it writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from bench.queue import bare

if TYPE_CHECKING:
    from pathlib import Path

TASKS = 3


def test_bare_statements_end_every_task(tmp_path: Path) -> None:
    """What the benchmark compares with does the whole of the work."""
    path = tmp_path / "deputize.db"
    bare.measure(path, TASKS)
    with closing(sqlite3.connect(path)) as looking:
        tasks = looking.execute("SELECT state, count(*) FROM tasks GROUP BY state").fetchall()
        attempts = looking.execute("SELECT count(*) FROM attempts WHERE outcome = 'succeeded'")
        assert tasks == [("done", TASKS)]
        assert attempts.fetchone() == (TASKS,)
