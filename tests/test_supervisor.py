"""The process around the stations: how a worker takes its leave."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import anyio

from deputize.clock import ManualClock
from deputize.config.home import Home
from deputize.store import chain, workers
from deputize.supervisor import sign_off
from deputize.workshop import Bells, Workshop
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, a_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Database, Transaction

PATIENCE_SECONDS = 60


class AtOnce:
    """A database whose first transaction ends only when another's does, too."""

    def __init__(self, database: Database, both: Barrier) -> None:
        """Wait at `both` before the first end."""
        self._database = database
        self._both: Barrier | None = both

    def __getattr__(self, name: str) -> object:
        """Be the database in all else."""
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction; the first one waits for the other's."""
        with self._database.write() as transaction:
            yield transaction
            if self._both is not None:
                self._both.wait(PATIENCE_SECONDS)
                self._both = None


def test_of_two_workers_that_end_at_once_one_seals(tmp_path: Path) -> None:
    """Neither of two that end in the same moment leaves what is left to do to the other."""
    both = Barrier(2)
    with ExitStack() as opened:
        databases = [opened.enter_context(closing(open_database("postgres", tmp_path)))
                     for _ in range(2)]  # fmt: skip
        shops = [
            _shop(AtOnce(database, both), tmp_path, f"w{number}")
            for number, database in enumerate(databases)
        ]
        with databases[0].write() as transaction:
            for shop in shops:
                workers.register(transaction, shop.worker, NOON)
        leaving = [Thread(target=sign_off, args=(shop,)) for shop in shops]
        for each in leaving:
            each.start()
        for each in leaving:
            each.join(PATIENCE_SECONDS)
        with databases[0].read() as transaction:
            assert not workers.live(transaction)
            assert not chain.has_unsealed(transaction)


def _shop(database: AtOnce, folder: Path, name: str) -> Workshop:
    return Workshop(
        home=Home(folder),
        database=database,  # type: ignore[arg-type]
        clock=ManualClock(NOON),
        worker=a_worker(id=name),
        bells=Bells(),
        turn=anyio.CapacityLimiter(1),
    )
