"""Migrations: numbered, whole, recorded in the transaction that carries them out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.errors import StoreError
from deputize.model.event import Event
from deputize.model.need import Need, On
from deputize.model.plan import Plan
from deputize.model.states import TaskState
from deputize.store import attempts, meta, plans, tasks
from deputize.store.migrate import known_migrations, migrate
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures.nouns import NOON, QUEUED, a_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.migrate import Migratable
    from tests.fixtures.databases import Intruder

OLD_TASK = """
INSERT INTO tasks (id, title, prompt, role, state, held, priority, place, scope, agent, checks,
    timeout_seconds, idle_timeout_seconds, round_start, rework_count, cancel_requested, created_at,
    labels, origin)
VALUES (?, 't', 'p', 'writer', 'queued', 0, 5, 'scratch', '[]', 'a', '[]', 1, 1, 1, 0, 0,
    '2026-01-01T00:00:00.000000Z', '[]', 'cli')
"""
OLD_ATTEMPT = """
INSERT INTO attempts (id, task, number, token, worker, lease_expires_at, agent, processes,
    started_at, input_tokens, output_tokens, cached_tokens, tools)
VALUES (1, 1, 1, 't', 'w', '2026-01-01T00:00:30.000000Z', 'a', '[]',
    '2026-01-01T00:00:00.000000Z', 0, 0, 0, '[]')
"""
OURS = [(number, name) for number, name, _ in known_migrations("sqlite")]
SHELF = {
    "sqlite": """\
-- A trigger has semicolons of its own.
CREATE TABLE shelves (id INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER full BEFORE INSERT ON shelves WHEN new.id > 3
BEGIN SELECT RAISE(ABORT, 'full'); END;
INSERT INTO shelves VALUES (1)""",
    "postgres": """\
-- So has a function; and a % is only a sign.
CREATE TABLE shelves (id BIGINT PRIMARY KEY CHECK (id % 7 <> 0));
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'full; no room'; END $$;
INSERT INTO shelves VALUES (1)""",
}


@pytest.fixture
def later(kind: str, tmp_path: Path) -> Path:
    """Make a folder of migrations that goes on where ours end."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for number, name in OURS:
        (folder / f"{number:04}_{name}.sql").write_text("SELECT * FROM not_run_again;")
    (folder / "0901_shelf.sql").write_text(SHELF[kind])
    return folder


def recorded(intruder: Intruder) -> list[tuple[object, ...]]:
    """Return the migrations that the database says it has."""
    return intruder.run("SELECT number, name FROM migrations ORDER BY number")


def test_our_migrations_are_numbered_without_gaps_and_recorded(intruder: Intruder) -> None:
    """A new database has each of them once."""
    assert [number for number, _ in OURS] == list(range(1, len(OURS) + 1))
    assert recorded(intruder) == OURS


def test_each_migration_has_a_counterpart_for_each_database() -> None:
    """Of the same number and name: a schema's version means the same wherever it is."""
    assert [(number, name) for number, name, _ in known_migrations("postgres")] == OURS


def test_what_is_missing_is_applied_once(
    database: Migratable, intruder: Intruder, later: Path
) -> None:
    """Only the new one runs, its last statement too, and doing it again changes nothing."""
    for _ in range(2):
        migrate(database, str(later))
        assert recorded(intruder) == [*OURS, (901, "shelf")]
        assert intruder.run("SELECT id FROM shelves") == [(1,)]


def test_a_migration_that_fails_leaves_nothing_of_itself_or_of_those_with_it(
    database: Migratable, intruder: Intruder, later: Path
) -> None:
    """Neither tables nor records are there afterwards, and the database works as before."""
    broken = later / "0902_broken.sql"
    broken.write_text("CREATE TABLE rooms (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(StoreError, match="nowhere"):
        migrate(database, str(later))
    assert recorded(intruder) == OURS
    assert intruder.tables("shelves", "rooms") == set()
    with database.read() as transaction:
        assert transaction.one("migrations.version") is not None


@pytest.fixture
def first(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give a store as the first migration made it, with two tasks."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "deputize.db", isolation_level=None)) as old:
        old.executescript(known_migrations("sqlite")[0][2].read_text())
        old.execute("INSERT INTO migrations VALUES (1, 'initial', '2026-01-01')")
        old.execute("INSERT INTO meta VALUES ('store', 'abc')")
        for row in (1, 2):
            old.execute(OLD_TASK, (row,))
        yield old


def test_what_names_a_row_outlives_the_change_of_its_table(
    first: sqlite3.Connection, folder: Path
) -> None:
    """Tables that are made anew keep their rows, who names them, and that numbers go on."""
    first.execute("INSERT INTO workers VALUES ('w', 'i', 'h', '[]', 1, 'n', 'n', 0, NULL, NULL)")
    first.execute(OLD_ATTEMPT)
    first.execute("UPDATE tasks SET state = 'running', attempt = 1 WHERE id = 1")
    first.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'tasks'")
    with closing(SqliteDatabase(folder / "deputize.db")) as database, database.read() as reading:
        assert [(task.id, task.attempt) for task in tasks.listing(reading)] == [(2, None), (1, 1)]
        assert [(each.task, each.token) for each in attempts.unfinished(reading)] == [(1, "t")]
    assert first.execute("PRAGMA foreign_key_check").fetchall() == []
    assert first.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(SqliteDatabase(folder / "deputize.db")) as database, database.write() as writing:
        assert tasks.insert(writing, a_task(), QUEUED, NOON).id == 41


def test_races_outlive_the_change_of_their_table(first: sqlite3.Connection, folder: Path) -> None:
    """From before an agent could judge: how they are judged, what was chosen, and their numbers."""
    for number, name, file in known_migrations("sqlite")[1:14]:
        first.executescript(file.read_text())
        first.execute("INSERT INTO migrations VALUES (?, ?, '2026-01-01')", (number, name))
    first.execute(
        "INSERT INTO plans (id, title, origin, created_at, judge, chosen)"
        " VALUES (5, 't', 'cli', '2026-01-01T00:00:00.000000Z', 'smallest', 7)"
    )
    first.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'plans'")
    asked = Plan(id=0, title="p", origin="cli", key=None, key_digest=None, created_at=NOON)
    with closing(SqliteDatabase(folder / "deputize.db")) as database, database.write() as writing:
        old = plans.get(writing, 5)
        assert (old.judge, old.chosen, old.judging, old.compared) == ("smallest", 7, None, ())
        queued = Event(kind="plan.queued", actor="person:ada")
        assert plans.insert(writing, asked, queued, NOON).id == 41


def test_a_store_that_was_opened_looks_at_references(folder: Path) -> None:
    """Nothing can be written that names what is not there."""
    with (
        closing(SqliteDatabase(folder / "deputize.db")) as database,
        pytest.raises(StoreError, match="refused a row"),
        database.write() as transaction,
    ):
        tasks.add_need(transaction, 1, 2)


def test_needs_outlive_the_change_of_their_table(first: sqlite3.Connection, folder: Path) -> None:
    """A store from before there were plans keeps who waits for whom, and can say more of it."""
    first.execute("INSERT INTO task_needs VALUES (2, 1, 'done')")
    with closing(SqliteDatabase(folder / "deputize.db")) as database:
        with database.write() as transaction:
            assert tasks.needs(transaction, 2) == [(Need(id=1), TaskState.QUEUED)]
            tasks.add_need(transaction, 1, 2, On.END)
        with database.read() as transaction:
            assert [task.id for task in tasks.dependents(transaction, 2)] == [1]
            assert meta.store_name(transaction) == "abc"
