"""Writers that wait for others are counted, with how long they waited, on each database."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

from deputize.store import meta, stats, workers
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.store.database import Database
    from tests.fixtures.databases import Intruder


def write_alone(database: Database) -> None:
    """Write, beside nobody who says the same name."""
    with database.write() as transaction:
        meta.alone(transaction, "limits")


def is_waiting(database: Database, intruder: Intruder) -> bool:
    """Tell whether a writer has found that it has to wait."""
    if isinstance(database, SqliteDatabase):
        return database._waiting_since is not None
    return bool(
        intruder.run(
            "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
            " WHERE NOT granted AND locktype = 'advisory' AND datname = current_database()"
        )
    )


def test_one_that_waits_for_another_is_counted(
    database: Database, intruder: Intruder, kind: str, folder: Path
) -> None:
    """Once, with the time it took; writing where nobody else does costs no wait."""
    with closing(open_database(kind, folder)) as second:
        write_alone(second)
        before = second.contention.write_count
        assert (second.contention.waited_count, second.contention.waited_seconds) == (0, 0.0)
        waiter = threading.Thread(target=write_alone, args=(second,))
        with database.write() as transaction:
            meta.alone(transaction, "limits")
            waiter.start()
            wait_until(lambda: is_waiting(second, intruder))
        waiter.join()
        found = second.contention
        assert (found.write_count, found.waited_count) == (before + 1, 1)
        assert 0 < found.longest_seconds == found.waited_seconds
        write_alone(second)
        assert found.waited_count == 1


def test_a_worker_notes_it_with_its_heartbeat(database: Database) -> None:
    """So that `stats` knows of workers elsewhere too."""
    database.contention.note(0.25)
    database.contention.note(0.5)
    with database.write() as transaction:
        assert workers.seen(transaction, "w1", NOON, database.contention)
    with database.read() as transaction:
        (load,) = stats.loads(transaction)
    count = database.contention.write_count
    assert load.waits == (count, 2, 0.75, 0.5)
