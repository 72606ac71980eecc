"""Plans of prepared statements on PostgreSQL: made while tables are small, kept while they grow."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from deputize import queue
from deputize.store import tasks, workers
from deputize.store.postgres import PostgresDatabase
from deputize.store.postgres.address import parse
from deputize.store.postgres.binding import bound
from tests.fixtures import postgres
from tests.fixtures.nouns import NOON, QUEUED, a_task, a_worker

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 10


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the address of a database with a few tasks and attempts, of which the server knows."""
    address = postgres.url_of(tmp_path / "home")
    with closing(PostgresDatabase(address)) as opened:
        with opened.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
            for _ in range(ROWS):
                tasks.insert(transaction, a_task(), QUEUED, NOON)
        assert len(queue.claim_several(opened, a_worker(), ROWS, NOON)) == ROWS
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return address


@pytest.mark.parametrize(
    "name",
    ["attempts.leaving", "attempts.end", "attempts.renew", "tasks.lock_all", "tasks.get"],
)
def test_a_small_table_is_not_read_whole(url: str, name: str) -> None:
    """Where its rows are known by their ids, they are looked up, whatever values there will be."""
    parameters: dict[bytes, int] = {}
    text = re.sub(
        rb"%\((\w+)\)s",
        lambda found: b"$%d" % parameters.setdefault(found[1], len(parameters) + 1),
        bound(name).text,
    )
    with psycopg.connect(make_conninfo(**parse(url).parameters)) as connection:
        steps = connection.execute(b"EXPLAIN (GENERIC_PLAN) " + text).fetchall()
    told = "\n".join(step for (step,) in steps)
    assert "_pkey" in told
    assert not re.search("Seq Scan on (tasks|attempts)", told), told
