"""Indexes and guards: what migrations made beside tables, whether it is there, and made anew."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from deputize.store.meta import alone
from deputize.store.migrate import MigratingTransaction, known_migrations
from deputize.store.rows import number, text
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.store.database import Database, Transaction

_STEP = re.compile(
    r"""^(?P<made>CREATE\ (?P<unique>UNIQUE\ )?INDEX\ (?P<index>\w+)\ ON\ (?P<of>\w+).*?;
      |   CREATE\ TRIGGER\ (?P<guard>\w+)\ .*?(?:END;|\);)$)
      | ^DROP\ INDEX\ (?P<dropped>\w+);
      | ^DROP\ TABLE\ (?P<gone>\w+);
      | ^ALTER\ TABLE\ (?P<old>\w+)\ RENAME\ TO\ (?P<new>\w+);""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


class Part(NamedTuple):
    """An index, or a guard: a trigger that refuses what must not be."""

    name: str
    table: str
    statement: str
    guards: bool
    """Without it something wrong can be written; without another, answers only take longer."""


def parts_of(script: str, before: Mapping[str, Part]) -> dict[str, Part]:
    """Return what is there after a migration, by what was there before."""
    parts = dict(before)
    for step in _STEP.finditer(script):
        if name := step["index"] or step["guard"]:
            guards = bool(step["unique"] or step["guard"])
            parts[name] = Part(name, step["of"] or "", step["made"], guards)
        elif step["dropped"]:
            del parts[step["dropped"]]
        elif step["gone"]:  # its indexes go with it
            parts = {key: part for key, part in parts.items() if part.table != step["gone"]}
        elif step["old"]:
            parts = {
                key: part._replace(table=step["new"]) if part.table == step["old"] else part
                for key, part in parts.items()
            }
    return parts


@cache
def _wanted(dialect: str) -> Mapping[str, Part]:
    parts: dict[str, Part] = {}
    for _, _, file in known_migrations(dialect):
        parts = parts_of(file.read_text(encoding="utf-8"), parts)
    return parts


def wanted(database: Database) -> Mapping[str, Part]:
    """Return the indexes and guards that a database of this kind has."""
    return _wanted(_dialect(database))


def _dialect(database: Database) -> str:
    return "sqlite" if isinstance(database, SqliteDatabase) else "postgres"


def missing(database: Database) -> Sequence[Part]:
    """Return the indexes and guards that somebody took away."""
    with database.read() as transaction:
        return _missing(transaction, wanted(database))


def _missing(transaction: Transaction, parts: Mapping[str, Part]) -> Sequence[Part]:
    there = {text(row, "name") for row in transaction.all("migrations.parts")}
    return [part for part in parts.values() if part.name not in there]


def unrecorded(database: Database) -> Sequence[str]:
    """Return the migrations that the database does not know to have had."""
    with database.read() as transaction:
        had = {
            (number(row, "number"), text(row, "name"))
            for row in transaction.all("migrations.recorded")
        }
    known = known_migrations(_dialect(database))
    return [f"{place:04}_{name}" for place, name, _ in known if (place, name) not in had]


def restore(database: Database) -> Sequence[Part]:
    """Make what is missing anew, in one transaction; return what that was."""
    with database.write() as transaction:
        alone(transaction, "migrations")
        found = _missing(transaction, wanted(database))
        for part in found:
            cast("MigratingTransaction", transaction).script(part.statement)
    return found
