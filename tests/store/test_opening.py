"""Opening a database: made once, kept private, and never written to where something is wrong."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.errors import ConfigError, StoreCorrupt, StoreTooNew, StoreUnavailable
from deputize.store import journal, meta, opening, tasks
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures.databases import make_room, open_database
from tests.fixtures.disks import fill, read_only, small_disk
from tests.fixtures.nouns import NOON, QUEUED, a_task
from tests.fixtures.peers import open_and_name, peers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deputize.store.database import Database

PAGE = 4096


def add_tasks(database: Database, count: int, prompt: str = "Fix the typo") -> None:
    """Store some tasks, each in a transaction of its own."""
    for _ in range(count):
        with database.write() as transaction:
            tasks.insert(transaction, a_task(prompt=prompt), QUEUED, NOON)


def read_all(path: Path) -> int:
    """Open a database, read everything that is listed anywhere, and return how many tasks."""
    with closing(SqliteDatabase(path)) as database, database.read() as transaction:
        journal.recent(transaction)
        return len(tasks.listing(transaction, limit=1000))


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """Give the file of a database with 200 tasks that nobody has open."""
    path = tmp_path / "home" / "deputize.db"
    with closing(SqliteDatabase(path)) as database, database.write() as transaction:
        for _ in range(200):
            tasks.insert(transaction, a_task(prompt="x" * 400), QUEUED, NOON)
    return path


def test_processes_that_open_at_once_make_one_database(kind: str, tmp_path: Path) -> None:
    """However many begin at the same moment, all see the same store, migrated once."""
    make_room(kind, tmp_path)
    with peers(4) as pool:
        opening = [pool.submit(open_and_name, kind, tmp_path) for _ in range(12)]
        names = {opened.result() for opened in opening}
    assert len(names) == 1


def test_threads_that_open_at_once_make_one_database(kind: str, tmp_path: Path) -> None:
    """The same holds for the threads of one process, which share nothing but the disk."""
    make_room(kind, tmp_path)
    start, names = threading.Barrier(8), set[str]()

    def peer() -> None:
        start.wait()
        names.add(open_and_name(kind, tmp_path))

    threads = [threading.Thread(target=peer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 1


def test_what_was_written_is_there_when_it_is_opened_again(kind: str, folder: Path) -> None:
    """A closed database keeps its rows and its name."""
    with closing(open_database(kind, folder)) as database:
        add_tasks(database, 3)
        with database.read() as transaction:
            name = meta.store_name(transaction)
    with closing(open_database(kind, folder)) as database, database.read() as transaction:
        assert len(tasks.unfinished(transaction)) == 3
        assert meta.store_name(transaction) == name


def test_only_its_owner_may_read_the_file_and_its_folder(folder: Path) -> None:
    """File 0600 and folder 0700, whatever the umask; so are the files that SQLite puts beside."""
    mask = os.umask(0)
    try:
        with closing(SqliteDatabase(folder / "deputize.db")) as database:
            add_tasks(database, 1)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    finally:
        os.umask(mask)
    assert modes == dict.fromkeys(("deputize.db", "deputize.db-wal", "deputize.db-shm"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_each_commit_is_on_the_disk_before_it_returns(folder: Path) -> None:
    """Write-ahead log, full synchronisation and foreign keys are in force on our connection."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "fullfsync": 1}
    with closing(SqliteDatabase(folder / "deputize.db")) as database:
        ask = database._connection.execute
        found = {name: ask(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    assert found == wanted


def test_a_database_that_is_named_elsewhere_is_not_looked_for_at_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address of another kind is refused, and no password of it is told."""
    monkeypatch.setenv("DEPUTIZE_DATABASE", "mysql://ada:pa55@elsewhere/deputize")
    with pytest.raises(ConfigError, match="not the address of a PostgreSQL database") as caught:
        opening.open_database(Home(folder))
    assert "postgresql://" in str(caught.value.hint)
    assert "pa55" not in str(caught.value)
    assert not (folder / "deputize.db").exists()
    monkeypatch.setenv("DEPUTIZE_DATABASE", "")
    opening.open_database(Home(folder)).close()
    assert (folder / "deputize.db").exists()


def test_a_newer_database_is_refused_and_left_alone(closed: Path) -> None:
    """A schema that this program doesn't know is named, and not a byte is changed."""
    with closing(sqlite3.connect(closed)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'later', '2030-01-01')")
    before = closed.read_bytes()
    with pytest.raises(StoreTooNew, match="schema 9999") as caught:
        SqliteDatabase(closed)
    assert "newer deputize" in str(caught.value.hint)
    assert closed.read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """It is not ours to migrate, nor to switch to another journal mode."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE migrations (number TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program"):
        SqliteDatabase(path)
    assert path.read_bytes() == before


def garbage_header(content: bytes) -> bytes:
    """Overwrite the first bytes."""
    return b"not a database at all\n" + content[22:]


def cut_short(content: bytes) -> bytes:
    """Leave the first half."""
    return content[: len(content) // 2]


def cut_inside_the_header(content: bytes) -> bytes:
    """Leave less than a header."""
    return content[:50]


def zeroed_schema(content: bytes) -> bytes:
    """Wipe the first page but for its header."""
    return content[:100] + bytes(PAGE - 100) + content[PAGE:]


@pytest.mark.parametrize(
    "damage", [garbage_header, cut_short, cut_inside_the_header, zeroed_schema]
)
def test_a_damaged_file_is_named_and_never_written_to(
    closed: Path, damage: Callable[[bytes], bytes]
) -> None:
    """The error says which file and that nothing was written, and so it is."""
    damaged = damage(closed.read_bytes())
    closed.write_bytes(damaged)
    with pytest.raises(StoreCorrupt, match=r"deputize\.db is") as caught:
        read_all(closed)
    assert "nothing was written" in str(caught.value.hint)
    assert closed.read_bytes() == damaged


def test_a_page_overwritten_anywhere_is_an_error_or_goes_unread(closed: Path) -> None:
    """Whichever page is noise, what can't be read is StoreCorrupt, and the file stays as it is."""
    sound, chance, corrupt = closed.read_bytes(), random.Random(7), 0  # noqa: S311 - noise
    for number in range(1, len(sound) // PAGE):
        start = number * PAGE
        damaged = sound[:start] + chance.randbytes(PAGE) + sound[start + PAGE :]
        closed.write_bytes(damaged)
        try:
            assert read_all(closed) == 200
        except StoreCorrupt:
            corrupt += 1
        assert closed.read_bytes() == damaged
    assert corrupt > len(sound) // PAGE // 3


def test_a_row_that_is_no_text_or_no_json_is_corrupt(closed: Path) -> None:
    """A flipped byte inside a row is named as damage, and what the row says is not told."""
    for column, value in (
        ("prompt", "x'ff736563726574'"),
        ("scope", "'[1'"),
        ("created_at", "'?'"),
    ):
        with closing(sqlite3.connect(closed)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            change = f"{column} = CAST({value} AS TEXT)"
            connection.execute(f"UPDATE tasks SET {change} WHERE id = 7")  # noqa: S608 - ours
        with pytest.raises(StoreCorrupt) as caught:
            read_all(closed)
        assert "secret" not in caught.value.message


def test_a_read_only_home_is_unavailable_with_a_way_out(closed: Path) -> None:
    """Neither a new database nor an old one can be opened there, and the hint says what to do."""
    with read_only(closed.parent):
        for path in (closed, closed.parent / "new.db", closed.parent / "deeper" / "new.db"):
            with pytest.raises(StoreUnavailable) as caught:
                SqliteDatabase(path)
            assert str(path) in caught.value.message
            assert caught.value.hint
    assert read_all(closed) == 200


def test_a_folder_in_the_place_of_the_file_is_unavailable(tmp_path: Path) -> None:
    """It can't be opened, and the error is one of ours."""
    with pytest.raises(StoreUnavailable, match="unable to open"):
        SqliteDatabase(tmp_path)


def test_a_full_disk_loses_nothing_and_is_got_over(tmp_path: Path) -> None:
    """A write says that the disk is full; with space again all is there and writing goes on."""
    with small_disk(tmp_path / "disk", 1024) as disk:
        with closing(SqliteDatabase(disk / "deputize.db")) as database:
            add_tasks(database, 10)
            ballast = fill(disk)
            with pytest.raises(StoreUnavailable) as caught:
                add_tasks(database, 1000, prompt="x" * 10_000)
            assert caught.value.hint
            with database.read() as transaction:
                stored = len(tasks.unfinished(transaction))
                assert len(journal.recent(transaction)) == stored
            ballast.unlink()
            add_tasks(database, 5)
        assert read_all(disk / "deputize.db") == stored + 5


def test_a_new_database_on_a_full_disk_is_unavailable_and_can_be_made_later(
    tmp_path: Path,
) -> None:
    """Half a schema is never left behind."""
    with small_disk(tmp_path / "disk", 1024) as disk:
        ballast = fill(disk)
        with pytest.raises(StoreUnavailable):
            SqliteDatabase(disk / "deputize.db")
        ballast.unlink()
        assert read_all(disk / "deputize.db") == 0


def test_opening_tells_nothing_in_the_journal(database: Database) -> None:
    """Only what happens to the work is told: here, that the fixture's worker began."""
    with database.read() as transaction:
        told = [entry.kind for entry in journal.recent(transaction)]
    assert told == ["worker.started"]
