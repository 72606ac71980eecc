"""DBOS on SQLite: `dbos_sqlite work PLACE COUNT [wal]`.

Its own default is a rollback journal, synchronous=FULL; `wal` gives it a write-ahead log, which is
as durable. It polls every 50 ms here, not every second, and its clock runs from the first task to
the last.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from dbos import DBOS

from bench.queue.peers.spans import tell

POLL_SECONDS = 0.05
LOOK_SECONDS = 0.005
DEADLINE_SECONDS = 120.0
DONE = "SELECT count(*) FROM workflow_status WHERE status = 'SUCCESS'"

started_at: list[float] = []


def work(place: Path, count: int, *, wal: bool) -> None:
    """Put tasks in while nobody listens, then listen until all are done."""
    file = place / "dbos.db"
    if wal:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    logging.getLogger("dbos").setLevel(logging.ERROR)
    enqueue_seconds = _enqueue(file, count)
    _boot(file, listens=True)
    ended = _until_done(file, count)
    tell(enqueue_seconds=enqueue_seconds, work_off_seconds=ended - started_at[0])
    DBOS.destroy()


def _enqueue(file: Path, count: int) -> float:
    queue, nothing = _boot(file, listens=False)
    began = time.perf_counter()
    for number in range(count):
        queue.enqueue(nothing, number)
    spent = time.perf_counter() - began
    DBOS.destroy()
    return spent


def _boot(file: Path, *, listens: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202
    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{file}",
            "application_version": "1",
            "run_admin_server": False,
            "log_level": "ERROR",
        }
    )

    @DBOS.workflow(name="nothing")
    def nothing(number: int) -> None:
        del number
        started_at.append(time.perf_counter())

    if not listens:
        DBOS.listen_queues([])
    DBOS.launch()
    return DBOS.register_queue("bench", polling_interval_sec=POLL_SECONDS), nothing


def _until_done(file: Path, count: int) -> float:
    deadline = time.monotonic() + DEADLINE_SECONDS
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)) as connection:
        while connection.execute(DONE).fetchone()[0] < count:
            assert time.monotonic() < deadline
            time.sleep(LOOK_SECONDS)
        return time.perf_counter()


if __name__ == "__main__":
    work(Path(sys.argv[2]), int(sys.argv[3]), wal="wal" in sys.argv[4:])
