"""How values of the model are written in rows, and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast

from deputize.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

    from deputize.store.database import Row, Value

Word = TypeVar("Word", bound="StrEnum")

LARGEST_NUMBER = (1 << 53) - 1
"""The largest that is the same in every JSON reader (RFC 7493)."""
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WIDTH = len("2026-01-31T09:30:00.000000")


@lru_cache(maxsize=64)
def to_text(moment: datetime) -> str:
    """Write an aware moment so that text order is time order: UTC, six digits of fractions."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='microseconds')[:_WIDTH]}Z"


def maybe_text(moment: datetime | None) -> str | None:
    """Write a moment, or nothing."""
    return None if moment is None else to_text(moment)


def to_moment(text: Value) -> datetime:
    """Read a moment back; StoreCorrupt where it is none."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError as error:
        raise _unreadable("a moment") from error


def maybe_moment(text: Value) -> datetime | None:
    """Read a moment back, or nothing."""
    return None if text is None else to_moment(text)


def to_count(count: int) -> int:
    """Keep a count that somebody else reported within what every database and JSON can hold."""
    return max(0, min(count, LARGEST_NUMBER))


def to_json(value: object) -> str:
    """Write a JSON value on one line."""
    return _compact(value)


def alike(value: object) -> object:
    """Make a JSON value that every machine writes alike: text for fractions and giant numbers."""
    if isinstance(value, dict):
        return {str(encodable(str(key))): alike(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [alike(item) for item in value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
        return str(value)
    return encodable(value) if isinstance(value, str) else value


def from_json(text: Value) -> object:
    """Read a JSON value back; StoreCorrupt where it is none."""
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError) as error:
        raise _unreadable("JSON") from error


def to_word(kind: type[Word], text: Value) -> Word:
    """Read a word of a closed set back; StoreCorrupt where it isn't in it."""
    try:
        return kind(str(text))
    except ValueError as error:
        raise _unreadable(kind.__name__) from error


def _unreadable(what: str) -> StoreCorrupt:
    hint = "`deputize doctor` looks closer; nothing was written"
    return StoreCorrupt(f"a row is damaged: something in it is not {what}", hint=hint)


def encodable(value: Value) -> Value:
    """Spell out what is not valid UTF-8 in a text: a file name of an odd disk, an agent's slip."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def words(row: Row, name: str) -> tuple[str, ...]:
    """Read a list of words back."""
    if row[name] == "[]":
        return ()
    return tuple(cast("Iterable[str]", from_json(row[name])))


def text(row: Row, name: str) -> str:
    """Read a text that is always there."""
    return cast("str", row[name])


def maybe(row: Row, name: str) -> str | None:
    """Read a text that may be missing."""
    return cast("str | None", row[name])


def number(row: Row, name: str) -> int:
    """Read a number that is always there."""
    return cast("int", row[name])


def maybe_number(row: Row, name: str) -> int | None:
    """Read a number that may be missing."""
    return cast("int | None", row[name])
