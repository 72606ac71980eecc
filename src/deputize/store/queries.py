"""Named queries from the `.sql` files of this room.

`sql/*.sql` holds for every database; `sql/DIALECT/*.sql` replaces single queries by name. A text
may build on another of its file: `{get} FOR UPDATE` is the query `get`, locked. Where it names
itself, the query that it replaces is meant.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_HEAD = re.compile(r"^-- name: (\w+)\n((?:--.*\n)*)", re.MULTILINE)
_INCLUDED = re.compile(r"\{(\w+)\}")


@cache
def query(name: str, dialect: str = "") -> str:
    """Return the text of the query `FILE.NAME`, such as `tasks.insert`; KeyError if none."""
    noun, _, short = name.partition(".")
    text = (_queries_of(noun) | (_queries_of(f"{dialect}/{noun}") if dialect else {}))[short]

    def included(other: re.Match[str]) -> str:
        return query(f"{noun}.{other[1]}", "" if other[1] == short else dialect)

    return _INCLUDED.sub(included, text)


def filled(name: str, dialect: str, names: dict[str, str]) -> str:
    """Return a query in which names of tables and columns are filled in: `$table` and its like."""
    text = query(name, dialect)
    for key, value in names.items():
        text = text.replace(f"${key}", value)
    return text


@cache
def _queries_of(file: str) -> dict[str, str]:
    path = _FOLDER / f"{file}.sql"
    parts = _HEAD.split(path.read_text(encoding="utf-8") if path.exists() else "")
    return {
        parts[index]: parts[index + 2].strip().removesuffix(";")
        for index in range(1, len(parts), 3)
    }
