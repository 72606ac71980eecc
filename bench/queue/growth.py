"""What a call costs with a long history beside what it costs with a short one.

Each call is made on both in turn, so that a machine that gets slower is slower for both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.queue import history, ours
from bench.verdict import at_most, note
from deputize import queue
from deputize.clock import SystemClock
from deputize.config.home import Home
from deputize.desk import stats, tasks
from deputize.desk.context import Desk
from deputize.desk.narrowing import Narrowing
from deputize.store.postgres import PostgresDatabase
from deputize.store.sqlite import SqliteDatabase
from deputize.surfaces.cli.board import look

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.queue.server import Bases
    from deputize.model.worker import Worker
    from deputize.queue import Claim
    from deputize.store.database import Database

SHORT, LONG, LONG_THERE = 1_000, 1_000_000, 200_000
CALLS = 100
OPEN = 5
"""How many tasks wait at any time: a listing of what is open costs what is open."""
BAR = 1.20
NEWEST = Narrowing(limit=50)


@dataclass(slots=True)
class Store:
    """A store with a history, and a worker that claims from it."""

    desk: Desk
    worker: Worker
    claims: list[Claim] = field(default_factory=list)

    def add(self) -> None:
        """Add a task."""
        ours.enqueue(self.desk.database, 1)

    def claim(self) -> None:
        """Claim the next."""
        claimed = queue.claim(self.desk.database, self.worker, self.desk.clock.now())
        assert claimed is not None
        self.claims.append(claimed)

    def finish(self) -> None:
        """Finish what was claimed."""
        attempt = self.claims.pop().attempt
        queue.finish(self.desk.database, attempt, ours.ENDING, self.desk.clock.now())


CALLED: dict[str, Callable[[Store], object]] = {
    "enqueue": Store.add,
    "claim": Store.claim,
    "finish": Store.finish,
    "list": lambda store: tasks.listing(store.desk, NEWEST, everything=True),
    "status": lambda store: look(store.desk, NEWEST),
    "stats": lambda store: stats.gather(store.desk),
}


def on_sqlite() -> list[bool]:
    """Measure and print; one truth for each bar."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deputize-bench-")))
        stores = []
        for length in (SHORT, LONG):
            path = folder / f"{length}.db"
            with closing(SqliteDatabase(path)) as database:
                history.do_one(database)
            began = time.perf_counter()
            history.repeat_in_file(path, length)
            spent = time.perf_counter() - began
            note(f"sqlite: {length} tasks, {path.stat().st_size / 1e6:.0f} MB, in {spent:.0f} s")
            stores.append(_opened(folder, stack.enter_context(closing(SqliteDatabase(path)))))
        return _told("sqlite", *stores)


def on_postgres(bases: Bases) -> list[bool]:
    """Measure and print; one truth for each bar."""
    with ExitStack() as stack:
        stores = []
        for length in (SHORT, LONG_THERE):
            address = bases.make()
            with closing(PostgresDatabase(address)) as database:
                history.do_one(database)
            history.repeat_on_server(address, length)
            stores.append(
                _opened(Path("/"), stack.enter_context(closing(PostgresDatabase(address))))
            )
        return _told("postgres", *stores)


def _opened(folder: Path, database: Database) -> Store:
    ours.fill(database, OPEN)
    desk = Desk(home=Home(folder), database=database, clock=SystemClock(), actor="person:bench")
    return Store(desk, ours.sign_on(database, "w2"))


def _told(name: str, short: Store, long: Store) -> list[bool]:
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for turn in range(CALLS + 1):
        order = (short, long) if turn % 2 else (long, short)
        for called, call in CALLED.items():
            spent = {id(store): _seconds(call, store) for store in order}
            if turn:
                spans[called].append((spent[id(short)], spent[id(long)]))
    good = []
    for called, pairs in spans.items():
        short_, long_ = (statistics.median(each) for each in zip(*pairs, strict=True))
        note(f"{name} {called}: {short_ * 1000:.2f} ms, {long_ * 1000:.2f} ms")
        good.append(at_most(f"{name}-{called}-growth", long_ / short_, BAR, "x"))
    return good


def _seconds(call: Callable[[Store], object], store: Store) -> float:
    began = time.perf_counter()
    call(store)
    return time.perf_counter() - began
