"""PostgreSQL alone: what it is told of us, what breaks and comes back, what it refuses to hold."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, cast

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from deputize.errors import ConfigError, StoreCorrupt, StoreError, StoreTooNew, StoreUnavailable
from deputize.store import tasks
from deputize.store.opening import open_database, open_shared, shared_address
from deputize.store.postgres import PostgresDatabase, database
from tests.fixtures import databases, postgres
from tests.fixtures.nouns import NOON, QUEUED, a_task
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.store.database import Transaction

SECRET = "s3cr3t-w0rd"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the address of a database."""
    return postgres.url_of(tmp_path / "home")


@pytest.fixture
def opened(url: str) -> Iterator[PostgresDatabase]:
    """Give a database."""
    with closing(PostgresDatabase(url)) as found:
        yield found


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """Give a server that a test may do anything to."""
    made = postgres.Server()
    yield made
    made.remove()


def add(opened: PostgresDatabase, prompt: str = "x") -> None:
    """Store a task."""
    with opened.write() as transaction:
        tasks.insert(transaction, a_task(prompt=prompt), QUEUED, NOON)


def add_in(transaction: Transaction, **changed: object) -> None:
    """Store a task in a transaction that is open."""
    tasks.insert(transaction, a_task(**changed), QUEUED, NOON)


def two_tasks(transaction: Transaction, between: Callable[[], object]) -> None:
    """Store two tasks, with something between them."""
    add_in(transaction)
    between()
    add_in(transaction)


def count(opened: PostgresDatabase) -> int:
    """Return how many tasks are stored."""
    with opened.read() as transaction:
        return len(tasks.unfinished(transaction))


def setting(opened: PostgresDatabase, name: str) -> str:
    """Return a setting of the connection."""
    connection = opened._connection
    assert connection is not None
    row = connection.execute(
        b"SELECT current_setting(%(name)s) AS value", {"name": name}
    ).fetchone()
    return cast("str", (row or {})["value"])


def cut(url: str) -> None:
    """End every connection to a database."""
    postgres.shared().server.cut_connections(str(conninfo_to_dict(url)["dbname"]))


def test_the_environment_names_the_database(
    home: Home, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an address the home's own file is not made; without one it is."""
    monkeypatch.setenv("DEPUTIZE_DATABASE", url)
    with closing(open_database(home)) as found:
        assert isinstance(found, PostgresDatabase)
    assert not home.database.exists()
    monkeypatch.setenv("DEPUTIZE_DATABASE", " ")
    open_database(home).close()
    assert home.database.exists()


@pytest.mark.parametrize("address", ["mysql://h/x", "deputize.db", f"host=h password={SECRET}"])
def test_an_address_of_something_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """As a mistake of the configuration, and without showing it."""
    monkeypatch.setenv("DEPUTIZE_DATABASE", address)
    with pytest.raises(ConfigError, match="DEPUTIZE_DATABASE") as caught:
        shared_address()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (f"postgresql://ada:{SECRET}@127.0.0.1:1/x", StoreUnavailable),
        (f"postgresql://ada:{SECRET}@127.0.0.1:port/x", ConfigError),
        (f"postgresql://ada:{SECRET}@[::1/x", ConfigError),
        (f"postgresql://ada:{SECRET}@@h/x", ConfigError),
        (f"postgresql://ada:{SECRET}/x@h/x", ConfigError),
        (f"postgresql://ada:1/{SECRET}@h/x", ConfigError),
        (f"postgresql://127.0.0.1:1/x?password={SECRET}", StoreUnavailable),
        (f"postgresql://127.0.0.1:1/x?password={SECRET}&nonsense=1", ConfigError),
    ],
)
def test_no_error_shows_the_password(address: str, error: type[Exception]) -> None:
    """Neither its message nor its hint, nor what it was raised from."""
    with pytest.raises(error) as caught:
        open_shared(address)
    shown: BaseException | None = caught.value
    while shown is not None:
        assert SECRET not in f"{shown!r} {getattr(shown, 'hint', '')}"
        shown = shown.__cause__
    assert caught.value.hint  # type: ignore[attr-defined]


def test_the_server_is_told_how_long_we_wait_and_who_we_are(
    opened: PostgresDatabase, url: str
) -> None:
    """What the address says besides wins over what we say."""
    assert setting(opened, "application_name") == "deputize"
    assert setting(opened, "statement_timeout") == "30s"
    assert setting(opened, "lock_timeout") == "10s"
    assert setting(opened, "idle_in_transaction_session_timeout") == "30s"
    theirs = f"{url}&application_name=night&options=-clock_timeout%3D7s"
    with closing(PostgresDatabase(theirs)) as other:
        assert setting(other, "application_name") == "night"
        assert setting(other, "lock_timeout") == "7s"
        assert setting(other, "statement_timeout") == "30s"


def test_a_connection_that_was_cut_is_made_anew(opened: PostgresDatabase, url: str) -> None:
    """Between transactions nobody notices, whether the next one reads, writes or looks for news."""
    for step in (lambda: count(opened), lambda: add(opened), opened.changes):
        cut(url)
        step()
    assert count(opened) == 1


def test_a_transaction_that_is_cut_leaves_no_trace(opened: PostgresDatabase, url: str) -> None:
    """It raises StoreUnavailable, and the next one works."""
    with pytest.raises(StoreUnavailable), opened.write() as transaction:
        two_tasks(transaction, lambda: cut(url))
    assert count(opened) == 0
    add(opened)
    assert count(opened) == 1


def test_a_commit_that_is_cut_says_that_nobody_knows(opened: PostgresDatabase, url: str) -> None:
    """Whether it was stored has to be looked up: here it was not."""
    with pytest.raises(StoreUnavailable, match="at a commit") as caught, opened.write():
        cut(url)
    assert "look whether" in str(caught.value.hint)
    assert count(opened) == 0


def test_a_migration_under_a_running_worker_costs_one_transaction(
    opened: PostgresDatabase, url: str
) -> None:
    """What it had prepared fits the tables no more: that is told, and the next one works."""
    add(opened)
    for _ in range(10):
        assert count(opened) == 1
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE tasks ADD COLUMN later TEXT")
    with pytest.raises(StoreUnavailable) as caught:
        count(opened)
    assert "do it again" in str(caught.value.hint)
    assert count(opened) == 1


def test_a_restart_is_waited_for(server: postgres.Server) -> None:
    """Whoever wants to begin while the server is away goes on once it is back."""
    with closing(PostgresDatabase(server.url())) as opened:
        add(opened)
        for how in (signal.SIGINT, signal.SIGQUIT):
            server.stop(how)
            waiting = threading.Thread(target=add, args=(opened,))
            waiting.start()
            waiting.join(timeout=0.3)
            assert waiting.is_alive()
            server.start()
            waiting.join()
        assert count(opened) == 3


def test_patience_ends(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stays away is StoreUnavailable; once it is there again, all goes on."""
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.2)
    with closing(PostgresDatabase(server.url())) as opened:
        server.stop()
        with pytest.raises(StoreUnavailable) as caught:
            count(opened)
        assert caught.value.hint
        server.start()
        add(opened)
        assert count(opened) == 1


def test_a_closed_database_stays_closed(opened: PostgresDatabase) -> None:
    """It makes no new connection behind anybody's back."""
    opened.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        count(opened)


def test_one_transaction_is_not_begun_inside_another(opened: PostgresDatabase) -> None:
    """It would end the outer one: that is refused, and nothing of either is stored."""
    with pytest.raises(StoreUnavailable, match="open already"), opened.write() as transaction:
        two_tasks(transaction, lambda: add(opened))
    assert count(opened) == 0


def test_a_failure_that_is_passed_over_is_not_committed(opened: PostgresDatabase) -> None:
    """PostgreSQL undoes the whole transaction then, and so it is told."""

    def refused() -> None:
        with pytest.raises(psycopg.Error):
            add_in(transaction, priority=99)

    with pytest.raises(StoreError, match="failed before its end"), opened.write() as transaction:
        refused()
    assert count(opened) == 0


def test_a_row_that_stays_locked_is_given_up_on(opened: PostgresDatabase, url: str) -> None:
    """After a while the waiting transaction is told, undone, and may be done again."""
    add(opened)
    with closing(PostgresDatabase(f"{url}&options=-clock_timeout%3D100ms")) as other:
        with opened.write() as holding:
            tasks.lock(holding, 1)
            with (
                pytest.raises(StoreUnavailable, match="lock timeout") as caught,
                other.write() as waiting,
            ):
                tasks.lock(waiting, 1)
        assert "do it again" in str(caught.value.hint)
        with other.write() as again:
            assert tasks.lock(again, 1).id == 1


def test_of_two_that_wait_for_each_other_one_goes_on(opened: PostgresDatabase, url: str) -> None:
    """The other is undone, says that it may be done again, and can be."""
    add(opened)
    add(opened)
    told: list[StoreUnavailable] = []
    both = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        with closing(PostgresDatabase(url)) as mine:
            try:
                with mine.write() as transaction:
                    tasks.lock(transaction, first)
                    both.wait()
                    tasks.lock(transaction, second)
            except StoreUnavailable as error:
                told.append(error)
            with mine.write() as transaction:
                tasks.lock(transaction, first)

    peers = [threading.Thread(target=lock, args=pair) for pair in ((1, 2), (2, 1))]
    for peer in peers:
        peer.start()
    for peer in peers:
        peer.join()
    (error,) = told
    assert "deadlock" in error.message
    assert "do it again" in str(error.hint)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """It is not ours to migrate."""
    url = postgres.url_of(tmp_path / "theirs", template="template0")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE migrations (number TEXT)")
        with pytest.raises(StoreCorrupt, match="another program"):
            PostgresDatabase(url)
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchall() == [("migrations",)]


def test_a_newer_database_is_refused(url: str) -> None:
    """A schema that this program doesn't know is named."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'later', '2030-01-01')")
    with pytest.raises(StoreTooNew, match="schema 9999"):
        PostgresDatabase(url)


def test_a_database_that_is_not_there_says_how_to_make_it() -> None:
    """The hint is the command."""
    with pytest.raises(StoreUnavailable, match="does not exist") as caught:
        PostgresDatabase(postgres.shared().server.url("nowhere"))
    assert "createdb" in str(caught.value.hint)


def test_a_database_that_holds_no_unicode_is_refused(server: postgres.Server) -> None:
    """A prompt in another script could not be stored."""
    server.run("postgres", "CREATE DATABASE old ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
               " TEMPLATE template0")  # fmt: skip
    with pytest.raises(StoreError, match="LATIN1"):
        PostgresDatabase(server.url("old"))


def test_a_user_without_rights_is_told_so(server: postgres.Server) -> None:
    """Reading a table that belongs to somebody else is refused by name."""
    PostgresDatabase(server.url()).close()
    server.run("postgres", "CREATE ROLE guest LOGIN")
    with pytest.raises(StoreUnavailable, match="permission denied") as caught:
        PostgresDatabase(server.url(user="guest"))
    assert "docs/database.md" in str(caught.value.hint)


def test_a_nul_is_spelled_out(opened: PostgresDatabase) -> None:
    """PostgreSQL has no room for it in a text."""
    add(opened, "a\0b")
    with opened.read() as transaction:
        assert tasks.get(transaction, 1).prompt == "a\\x00b"


def test_every_text_compares_by_its_bytes(url: str) -> None:
    """Whatever the language of the database: moments are ordered by that."""
    with psycopg.connect(url) as connection:
        odd = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        )
        assert odd.fetchall() == []


def test_both_databases_have_the_same_tables_columns_and_indexes(tmp_path: Path, url: str) -> None:
    """A column that one of them lacks, or lets be NULL where the other doesn't, is a mistake."""
    databases.open_database("sqlite", tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "deputize.db")) as connection:
        ours = set(connection.execute(
            "SELECT t.name, c.name, c.type = 'TEXT', c.\"notnull\" OR c.pk FROM sqlite_schema AS t"
            " JOIN pragma_table_info(t.name) AS c"
            " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
        ))  # fmt: skip
        indexes = set(connection.execute(
            "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ))  # fmt: skip
    with psycopg.connect(url) as other:
        theirs = set(other.execute(
            "SELECT table_name, column_name, (data_type = 'text')::int, (is_nullable = 'NO')::int"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        ))  # fmt: skip
        found = set(other.execute(
            "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'"
        ))  # fmt: skip
    assert {row[:2]: row[2:] for row in ours} == {row[:2]: row[2:] for row in theirs}
    assert indexes <= found


def test_other_threads_wait_while_the_server_is_away(server: postgres.Server) -> None:
    """They take turns on the one connection, and each gets its own."""
    with closing(PostgresDatabase(server.url())) as opened:
        server.stop()
        threads = [threading.Thread(target=add, args=(opened, str(n))) for n in range(4)]
        for thread in threads:
            thread.start()
        server.start()
        for thread in threads:
            thread.join()
        wait_until(lambda: count(opened) == 4)
