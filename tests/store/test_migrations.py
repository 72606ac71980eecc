"""Migrations: numbered, whole, recorded in the transaction that carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.errors import StoreError
from deputize.store.migrate import known_migrations, migrate

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.store.migrate import Migratable
    from tests.fixtures.databases import Intruder

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
