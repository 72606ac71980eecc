"""From the commit of a task to the commit of its claim by an idle worker in another process.

The worker is a real `deputize up`. A task is written and the bells rung as `add` does it; that it
is claimed is seen from here through a connection that asks all the time.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg

from bench.house import house, worker
from bench.queue import ours
from bench.verdict import at_most
from deputize.clock import SystemClock
from deputize.config.home import Home
from deputize.desk.bells import ring
from deputize.desk.context import Desk
from deputize.store import tasks
from deputize.store.postgres import PostgresDatabase
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.store.database import Database

    State = Callable[[int], str]
    """Tells in which state a task is."""

SAMPLES = 120
GAP_SECONDS = (0.02, 0.2)
CLOSE_LOOK_SECONDS, LOOK_SECONDS = 0.00005, 0.005
"""How long it rests between looks: the worker needs a processor too."""
DEADLINE_SECONDS = 30.0
SETTINGS = """
default_agent = "short"
[agents.short]
kind = "command"
command = ["echo", "fine"]
"""
FINAL = ("done", "failed", "cancelled")


def on_sqlite() -> list[bool]:
    """Measure and print; one truth for each bar."""
    with house(SETTINGS) as built, worker(built):
        path = built.folder / "home" / "deputize.db"
        with closing(SqliteDatabase(path)) as database, _asking_file(path) as state:
            spans = _spans(Home(built.folder / "home"), database, state)
    return _told("sqlite", spans, p50=2, p99=10)


def on_postgres(address: str) -> list[bool]:
    """Measure and print; one truth for each bar."""
    with (
        house(SETTINGS, DEPUTIZE_DATABASE=address) as built,
        worker(built),
        closing(PostgresDatabase(address)) as database,
        _asking_server(address) as state,
    ):
        spans = _spans(Home(built.folder / "home"), database, state)
    return _told("postgres", spans, p50=4, p99=30)


def _told(name: str, spans: list[float], *, p50: float, p99: float) -> list[bool]:
    hundredths = statistics.quantiles(spans, n=100)
    return [
        at_most(f"{name}-pick-up-p50", hundredths[49], p50, "ms"),
        at_most(f"{name}-pick-up-p99", hundredths[98], p99, "ms"),
    ]


def _spans(home: Home, database: Database, state: State) -> list[float]:
    """Return the milliseconds of each sample, after one that warms both up."""
    desk = Desk(home=home, database=database, clock=SystemClock(), actor="person:bench")
    chance = random.Random(1)  # noqa: S311 - gaps, not secrets
    spans = []
    for _ in range(SAMPLES + 1):
        time.sleep(chance.uniform(*GAP_SECONDS))
        spans.append(_sample(desk, state) * 1000)
    return spans[1:]


def _sample(desk: Desk, state: State) -> float:
    new = ours.task()._replace(agent="short", created_at=desk.clock.now())
    with desk.database.write() as transaction:
        task = tasks.insert(transaction, new, ours.QUEUED, desk.clock.now()).id
    began = time.perf_counter()
    ring(desk)
    _until(lambda: state(task) != "queued", CLOSE_LOOK_SECONDS)
    claimed = time.perf_counter()
    _until(lambda: state(task) in FINAL, LOOK_SECONDS)
    return claimed - began


def _until(condition: Callable[[], bool], pause: float) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause)


@contextmanager
def _asking_file(path: Path) -> Iterator[State]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        yield lambda task: str(
            connection.execute("SELECT state FROM tasks WHERE id = ?", (task,)).fetchone()[0]
        )


@contextmanager
def _asking_server(address: str) -> Iterator[State]:
    with psycopg.connect(address, autocommit=True) as connection:

        def state(task: int) -> str:
            found = connection.execute(b"SELECT state FROM tasks WHERE id = %s", (task,)).fetchone()
            assert found is not None
            return str(found[0])

        yield state
