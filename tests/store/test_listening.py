"""Ringing on a shared database: only a hint, but one that comes at once."""

from __future__ import annotations

import select
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import conninfo_to_dict

from deputize.errors import StoreUnavailable
from deputize.store import meta
from deputize.store.opening import open_listener
from tests.fixtures import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Database, Transaction
    from deputize.store.postgres import Listener

PATIENCE_SECONDS = 20


@pytest.fixture
def ear(database: Database, folder: Path) -> Iterator[Listener]:
    """Listen at the database."""
    del database
    with closing(open_listener(postgres.url_of(folder))) as listening:
        yield listening


only_postgres = pytest.mark.parametrize("kind", ["postgres"])


def ring(database: Database, who: str) -> None:
    """Ring once."""
    with database.read() as transaction:
        meta.ring(transaction, who)


def ring_and_fail(transaction: Transaction) -> None:
    """Ring, then come to grief."""
    meta.ring(transaction, "nobody")
    raise ZeroDivisionError


def listen_on(ear: Listener) -> None:
    """Hear whatever there is, for as long as there is something."""
    while is_rung(ear):
        ear.heard()


def is_rung(ear: Listener, seconds: float = PATIENCE_SECONDS) -> bool:
    """Tell whether something is to be heard, or is soon."""
    return bool(select.select([ear.descriptor], [], [], seconds)[0])


@only_postgres
def test_who_listens_hears_each_ring_with_its_name(database: Database, ear: Listener) -> None:
    """Several that came meanwhile are heard at once; then it is quiet again."""
    assert ear.heard() == set()
    ring(database, "w1")
    ring(database, "person:ada")
    heard: set[str] = set()
    while heard != {"w1", "person:ada"}:
        assert is_rung(ear)
        heard |= ear.heard()
    assert not is_rung(ear, 0)


@only_postgres
def test_a_ring_comes_with_its_transaction_or_not_at_all(database: Database, ear: Listener) -> None:
    """What came to nothing woke nobody."""
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        ring_and_fail(transaction)
    with database.write() as transaction:
        meta.ring(transaction, "w1")
        assert not is_rung(ear, 0)
    assert is_rung(ear)
    assert ear.heard() == {"w1"}


@only_postgres
def test_a_listener_whose_connection_is_cut_says_so(
    database: Database, ear: Listener, folder: Path
) -> None:
    """It wakes up to that, so that whoever listens makes a new one."""
    del database
    server = postgres.shared().server
    server.cut_connections(str(conninfo_to_dict(postgres.url_of(folder))["dbname"]))
    with pytest.raises(StoreUnavailable):
        listen_on(ear)
