"""Indexes and guards: each that is missing is found, and made as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.store import structure
from deputize.store.structure import Part, parts_of

if TYPE_CHECKING:
    from deputize.store.database import Database
    from tests.fixtures.databases import Intruder

DEFINED = {
    "sqlite": "SELECT name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger')"
    " AND sql IS NOT NULL ORDER BY name",
    "postgres": "SELECT indexname AS name, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    " UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    " ORDER BY name",
}


def test_a_fresh_database_has_exactly_what_is_wanted(
    database: Database, intruder: Intruder, kind: str
) -> None:
    """What is read from the migrations is what they made: nothing more, nothing less."""
    assert structure.missing(database) == []
    there = {name for name, _ in intruder.run(DEFINED[kind])}
    assert set(structure.wanted(database)) == there


def test_what_was_taken_away_is_made_anew(
    database: Database, intruder: Intruder, kind: str
) -> None:
    """All indexes and guards at once; afterwards each is defined as it was."""
    before = intruder.run(DEFINED[kind])
    intruder.unlock()
    for part in structure.wanted(database).values():
        if part.table:
            intruder.run(f"DROP INDEX {part.name}")
    lost = structure.missing(database)
    assert {part.name for part in lost} > {"tasks_open", "tasks_locked", "events_are_not_changed"}
    assert [part.name for part in structure.restore(database)] == [part.name for part in lost]
    assert intruder.run(DEFINED[kind]) == before
    assert structure.missing(database) == structure.restore(database) == []


def test_what_guards_is_told_from_what_speeds_up(database: Database) -> None:
    """A unique index keeps two from holding one lock; another only answers faster."""
    parts = structure.wanted(database)
    guards = [parts[name].guards for name in ("tasks_locked", "events_are_not_changed")]
    assert (guards, parts["tasks_open"].guards) == ([True, True], False)


def test_a_migration_without_its_record_is_named(database: Database, intruder: Intruder) -> None:
    """By its file; with all of them on record there is none."""
    assert structure.unrecorded(database) == []
    intruder.run("DELETE FROM migrations WHERE number = 2")
    assert structure.unrecorded(database) == ["0002_order"]


OLD = (("a", "tasks"), ("b", "anew"))


def test_a_table_that_goes_takes_its_indexes_with_it() -> None:
    """And one that gets another name keeps them."""
    old = {name: Part(name, of, "…", guards=False) for name, of in OLD}
    script = "DROP TABLE tasks;\nALTER TABLE anew RENAME TO tasks;\n"
    assert parts_of(script, old) == {"b": Part("b", "tasks", "…", guards=False)}
