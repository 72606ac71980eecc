"""JSON as it comes in: read strictly, each value with words for what it should have been."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from deputize.errors import InvalidInput
from deputize.intake.patterns import SPAN
from deputize.model.plan import PLAN_BYTES

SHOWN_LENGTH = 60
"""How much of a wrong value an error shows, in characters."""
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def document_of(content: bytes, name: str) -> object:
    """Read JSON; InvalidInput says where it is none."""
    if len(content) > PLAN_BYTES:
        raise InvalidInput(f"{name} is longer than a plan may be ({PLAN_BYTES} bytes)")
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


def money_of(value: object, where: str) -> float:
    """Take an amount of dollars."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(where, "a number of dollars such as 2.5", value)
    return float(value)


def span_of(value: object, where: str) -> int:
    """Take a duration, as seconds."""
    seconds = seconds_of(value, SPAN)
    if seconds is None:
        raise wrong(where, "a duration such as 90, 10m or 2h", value)
    return seconds


def seconds_of(value: object, pattern: str) -> int | None:
    """Read a duration, a text of which matches `pattern`; None where it is none."""
    if not isinstance(value, str):
        return whole(value)
    if not re.search(pattern, value):
        return None
    count, unit = (value[:-1], value[-1]) if value[-1] in _SPANS else (value, "s")
    return int(count) * _SPANS[unit]


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
