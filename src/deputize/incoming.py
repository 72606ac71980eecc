"""JSON as it comes in: read strictly, each value with words for what it should have been."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
END = r"(?!\n)$"
"""The end of a text, in Python and in ECMA-262 alike: `$` alone lets Python take a line break."""
TEXT = r"^[^\u0000\ud800-\udfff]*$"
"""What can be stored as UTF-8, and handed to a program."""
SHOWN_LENGTH = 60
"""How much of a wrong value an error shows, in characters."""
_NOTHING: Mapping[str, str] = {}


def document_of(content: bytes, name: str, most_bytes: int) -> object:
    """Read JSON of up to `most_bytes` bytes; InvalidInput says where it is none."""
    if len(content) > most_bytes:
        raise InvalidInput(f"{name} has {len(content)} bytes, the most is {most_bytes}")
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        message = f"{name} is not valid UTF-8 at byte {error.start}"
        raise InvalidInput(message, hint="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        said = error.msg[:1].lower() + error.msg[1:]
        raise InvalidInput(f"{name} is not valid JSON at {where}: {said}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} is not JSON that can be read: {error}") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"an object has the field {shown(twice)} twice")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise InvalidInput(f"{word} is no number in JSON")


def object_of(
    value: object,
    where: str,
    known: Iterable[str],
    *,
    meant: Mapping[str, str] = _NOTHING,
    called: str = "the document",
) -> dict[str, object]:
    """Take an object that has no other fields than those that are known.

    `meant` has the fields that other names are likely to stand for, `called` names the object where
    it is nowhere in another.
    """
    if not isinstance(value, dict):
        raise wrong(where or called, "an object", value)
    names = list(known)
    for name in value:
        if name not in names:
            raise _unknown(f"{where}.{name}" if where else name, name, names, meant.get(name))
    return value


def _unknown(place: str, name: str, names: list[str], meant: str | None) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"known: {', '.join(names)}"
    if near or meant in names:
        hint = f"did you mean `{near[0] if near else meant}`?"
    return InvalidInput(f"{place}: unknown field", hint=hint)


def list_of(value: object, where: str) -> list[object]:
    """Take a list."""
    if not isinstance(value, list):
        raise wrong(where, "a list", value)
    return value


def text_of(value: object, where: str) -> str:
    """Take a text."""
    if not isinstance(value, str):
        raise wrong(where, "a text", value)
    return value


def flag_of(value: object, where: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise wrong(where, "true or false", value)
    return value


def number_of(value: object, where: str) -> int:
    """Take a whole number."""
    number = whole(value)
    if number is None:
        raise wrong(where, "a whole number", value)
    return number


def whole(value: object) -> int | None:
    """Read a whole number, written `5` or `5.0`: JSON knows no difference."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def wrong(where: str, right: str, value: object) -> InvalidInput:
    """Say what would be right at a place."""
    return InvalidInput(f"{where}: must be {right}, not {shown(value)}")


def shown(value: object) -> str:
    """Put a value in a few words."""
    if isinstance(value, (list, dict)):
        what = "a list" if isinstance(value, list) else "an object"
        return what if value else f"an empty {what.rpartition(' ')[2]}"
    text = json.dumps(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"


def object_schema(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """Describe an object that has no other fields than these."""
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(required)
    return found | ({"required": needed} if needed else {})
