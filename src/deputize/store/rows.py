"""How values of the model are written in rows, and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.store.database import Row, Value

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def to_text(moment: datetime) -> str:
    """Write an aware moment so that text order is time order."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def maybe_text(moment: datetime | None) -> str | None:
    """Write a moment, or nothing."""
    return None if moment is None else to_text(moment)


def to_moment(text: Value) -> datetime:
    """Read a moment back."""
    return datetime.fromisoformat(str(text))


def maybe_moment(text: Value) -> datetime | None:
    """Read a moment back, or nothing."""
    return None if text is None else to_moment(text)


def to_json(value: object) -> str:
    """Write a JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(text: Value) -> object:
    """Read a JSON value back."""
    return json.loads(str(text))


def words(row: Row, name: str) -> tuple[str, ...]:
    """Read a list of words back."""
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
