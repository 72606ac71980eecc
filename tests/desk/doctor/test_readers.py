"""A reader that was forgotten is named, and a log that grew behind it is cut."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from deputize.desk.doctor import Level, examine, readers
from tests.fixtures import postgres
from tests.fixtures.databases import DATABASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk
    from tests.fixtures.databases import Intruder

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM tasks").fetchall()
print("reads", flush=True)
sys.stdin.read()
"""

only_sqlite = pytest.mark.parametrize("kind", DATABASES[:1])
only_postgres = pytest.mark.parametrize("kind", DATABASES[1:])


@contextmanager
def forgotten(desk: Desk, begin: str = "BEGIN") -> Iterator[int]:
    """Let another process read one moment, or write, until the end; give its number."""
    with subprocess.Popen(
        (sys.executable, "-c", READER, str(desk.home.database), begin),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as reader:  # fmt: skip
        assert reader.stdout
        assert reader.stdin
        assert reader.stdout.readline() == b"reads\n"
        yield reader.pid
        reader.stdin.close()


def write(intruder: Intruder, count: int = 3) -> None:
    """Write something, some times."""
    for number in range(count):
        intruder.run("INSERT INTO meta (name, value) VALUES (:name, 'x')", name=f"test-{number}")


@only_sqlite
def test_a_forgotten_reader_of_a_file_is_named(desk: Desk, intruder: Intruder) -> None:
    """By its process, and how much waits behind it; once it has ended, nothing is found."""
    with forgotten(desk) as pid:
        write(intruder)
        named, size = readers.log(desk)
    assert (named.level, size.level) == (Level.WARN, Level.OK)
    assert named.text.startswith(f"process {pid} (")
    assert "pages of the log wait" in named.text
    assert (named.hint, named.mend) == (f"end it: kill {pid}", None)
    assert [one.level for one in readers.log(desk)] == [Level.OK]


@only_sqlite
def test_a_forgotten_writer_of_a_file_is_named(desk: Desk) -> None:
    """Nobody else can write; the whole check-up goes on and says who is in the way."""
    with forgotten(desk, "BEGIN IMMEDIATE") as pid:
        named, size = [one for one in examine(desk.home) if one.about == "readers"]
    assert (named.level, size.level) == (Level.WARN, Level.OK)
    assert named.text.startswith(f"process {pid} (")
    assert named.text.endswith("has been writing for more than a second: nobody else can")


@only_sqlite
def test_who_reads_what_is_newest_is_not_named(desk: Desk) -> None:
    """Nothing waits behind it."""
    with forgotten(desk):
        assert [one.level for one in readers.log(desk)] == [Level.OK]


@only_sqlite
def test_who_looks_is_not_named(desk: Desk, intruder: Intruder) -> None:
    """What this process reads itself ends with the check-up."""
    with closing(sqlite3.connect(desk.home.database, isolation_level=None)) as own:
        own.execute("BEGIN")
        own.execute("SELECT count(*) FROM tasks").fetchall()
        write(intruder)
        assert [one.level for one in readers.log(desk)] == [Level.OK]


@only_sqlite
def test_a_reader_that_nobody_names_is_told_of_once_much_waits(
    desk: Desk, intruder: Intruder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system has no table of locks."""
    monkeypatch.setattr("deputize.workspace.processes.locks.TABLE", desk.home.path / "none")
    with forgotten(desk):
        write(intruder)
        assert [one.level for one in readers.log(desk)] == [Level.OK]
        monkeypatch.setattr(readers, "UNNAMED_PAGES", 1)
        (named, _) = readers.log(desk)
    assert (named.level, "lsof" in str(named.hint)) == (Level.WARN, True)


@only_sqlite
def test_a_log_that_grew_is_cut_where_nobody_reads_it(
    desk: Desk, intruder: Intruder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who does is waited for by nobody: it is said, and tried again another time."""
    monkeypatch.setattr(readers, "LARGE_BYTES", 1)
    write(intruder)
    log = desk.home.database.with_name("deputize.db-wal")
    with forgotten(desk):
        (large,) = readers.log(desk)
        assert large.mend
        with pytest.raises(Exception, match="somebody still reads it"):
            large.mend()
    assert log.stat().st_size > 0
    assert large.mend() == "cut to nothing"
    assert log.stat().st_size == 0
    with closing(sqlite3.connect(desk.home.database)) as store:
        assert store.execute("SELECT count(*) FROM meta WHERE name LIKE 'test-%'").fetchone() == (
            3,
        )


@only_postgres
def test_a_forgotten_session_of_a_server_is_named(desk: Desk) -> None:
    """By its number, its user and its program; one that only waits for work holds nothing."""
    url = postgres.url_of(desk.home.path)
    with psycopg.connect(url, application_name="a report") as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.execute("SELECT count(*) FROM tasks")
        (named,) = readers.sessions(desk, seconds=0)
        assert [one.level for one in readers.sessions(desk)] == [Level.OK]
        pid = session.info.backend_pid
        session.rollback()
        assert [one.level for one in readers.sessions(desk, seconds=0)] == [Level.OK]
    assert named.level is Level.WARN
    text = f"session {pid} of postgres (a report, idle in transaction) holds a moment of the past"
    assert named.text.startswith(text)
    assert f"pg_terminate_backend({pid})" in str(named.hint)


def test_the_look_belongs_to_the_database(desk: Desk, kind: str) -> None:
    """A file has a log, a server has sessions."""
    assert len(list(readers.log(desk))) == (1 if kind == "sqlite" else 0)
    assert [one.level for one in readers.sessions(desk)] == [Level.OK]
