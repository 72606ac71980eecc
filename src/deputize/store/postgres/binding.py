"""Named queries and their values, in the form that psycopg takes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput
from deputize.store.queries import query
from deputize.store.rows import encodable, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.store.database import Value

LARGEST = (1 << 63) - 1
_PIECE = re.compile(
    r"""(?P<kept>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | ::)
      | :(?P<tested>[a-z_][a-z0-9_]*)\ IS\ NULL
      | :(?P<name>[a-z_][a-z0-9_]*)
      | (?P<percent>%)""",
    re.VERBOSE,
)


class Bound(NamedTuple):
    """A query for psycopg."""

    text: bytes
    tested: tuple[str, ...]
    """The values of which it asks whether they are NULL."""
    takes_rows: bool
    """Whether it writes several rows at once: `:rows`, a JSON array, `:row_count` of them."""

    def values(self, given: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what it wants, from the values that are given."""
        asked = {f"{name} IS NULL": given[name] is None for name in self.tested}
        return {**storable(given), **asked}


@cache
def bound(name: str) -> Bound:
    """Return a named query in psycopg's form."""
    return translated(query(name, "postgres"))


def translated(text: str) -> Bound:
    """Write `%(name)s` for `:name`, but not in texts, names and comments; double each `%`.

    `:name IS NULL` becomes a value of its own: PostgreSQL can't tell of which type a parameter is
    that it meets there first.
    """
    tested = {found["tested"] for found in _PIECE.finditer(text) if found["tested"]}
    written = _PIECE.sub(_piece, text)
    return Bound(written.encode(), tuple(sorted(tested)), "%(rows)s" in written)


def _piece(found: re.Match[str]) -> str:
    if found["tested"]:
        return f"%({found['tested']} IS NULL)s"
    if found["name"]:
        return f"%({found['name']})s"
    return found[0].replace("%", "%%")


def storable(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the values as columns can hold them; InvalidInput where a number is too large.

    A text of PostgreSQL has no NUL: it is spelled out.
    """
    changed: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, int) and abs(value) > LARGEST:
            raise InvalidInput("a number is too large: at most 63 bits are stored")
        if isinstance(value, str) and "\0" in value:
            changed[name] = value.replace("\0", "\\x00")
    return {**values, **changed} if changed else values


def together(rows: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Return several rows as the values of a query that takes them at once."""
    written = to_json([dict(storable(row)) for row in rows])
    if not written.isascii() and _is_odd(written):
        written = to_json([spelled_out(storable(row)) for row in rows])
    return {"rows": written, "row_count": len(rows)}


def _is_odd(text: str) -> bool:
    """Tell whether a text holds what is no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def spelled_out(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values with all that is no UTF-8 spelled out."""
    return {name: encodable(value) for name, value in values.items()}
