"""What the store's tests share. All that is true of one database must be true of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.store import workers
from tests.fixtures.databases import Intruder, open_database
from tests.fixtures.nouns import NOON, a_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name the folder of the database; it is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def database(kind: str, folder: Path) -> Iterator[Database]:
    """Open an empty database that knows one worker, `w1`."""
    opened = open_database(kind, folder)
    with opened.write() as transaction:
        workers.register(transaction, a_worker(), NOON)
    yield opened
    opened.close()


@pytest.fixture
def intruder(database: Database, kind: str, folder: Path) -> Iterator[Intruder]:
    """Connect past deputize to the same database."""
    del database
    connected = Intruder(kind, folder)
    yield connected
    connected.close()


@pytest.fixture
def home(folder: Path) -> Home:
    """Name the home of the database."""
    folder.mkdir(exist_ok=True)
    return Home(folder)
