"""Backups: of one moment, whole, and good to go on from."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.errors import InvalidInput, StoreUnavailable
from deputize.store import chain, meta, tasks
from deputize.store.backup import back_up
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures.nouns import NOON, QUEUED, a_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """Open a store with twenty tasks and a sealed journal."""
    with closing(SqliteDatabase(tmp_path / "deputize.db")) as opened:
        with opened.write() as transaction:
            for _ in range(20):
                tasks.insert(transaction, a_task(), QUEUED, NOON)
            chain.seal(transaction)
        yield opened


def test_a_backup_is_whole_private_and_can_be_gone_on_from(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """In the place of a lost database it has every task, and takes new ones."""
    made = back_up(database, tmp_path / "copy.db", NOON)
    assert (made.entry_count, made.path.stat().st_mode & 0o777) == (20, 0o600)
    assert made.size_bytes == made.path.stat().st_size
    assert [path.name for path in tmp_path.glob(".*")] == []
    restored = tmp_path / "new-home" / "deputize.db"
    restored.parent.mkdir()
    shutil.copy(made.path, restored)
    with closing(SqliteDatabase(restored)) as again, again.write() as transaction:
        assert len(tasks.listing(transaction, limit=100)) == 20
        assert tasks.insert(transaction, a_task(), QUEUED, NOON).id == 21
    with database.read() as transaction:
        assert meta.last_backup(transaction) == NOON


def test_others_write_while_it_is_made(database: SqliteDatabase, tmp_path: Path) -> None:
    """The copy is of one moment of theirs: what it has is a beginning of what they wrote."""
    enough = threading.Event()

    def write() -> None:
        with closing(SqliteDatabase(database.path)) as other:
            while not enough.is_set():
                with other.write() as transaction:
                    tasks.insert(transaction, a_task(), QUEUED, NOON)
                    tasks.insert(transaction, a_task(), QUEUED, NOON)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [back_up(database, tmp_path / f"{number}.db", NOON) for number in range(5)]
    finally:
        enough.set()
        writer.join()
    counts = []
    for backup in made:
        with closing(SqliteDatabase(backup.path)) as copy, copy.read() as transaction:
            counts.append(len(tasks.listing(transaction, limit=100_000)))
    assert counts == sorted(counts)
    assert all(count % 2 == 0 for count in counts)


def test_nothing_is_overwritten_and_nothing_half_done_is_left(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """A file that is there, a folder that isn't: each refused in words."""
    there = tmp_path / "there.db"
    there.write_text("mine")
    with pytest.raises(InvalidInput, match="overwrites nothing"):
        back_up(database, there, NOON)
    assert there.read_text() == "mine"
    with pytest.raises(StoreUnavailable, match="No such file"):
        back_up(database, tmp_path / "missing" / "x.db", NOON)
    with database.read() as transaction:
        assert meta.last_backup(transaction) is None
