"""Amounts in JSON as it comes in: of money and of time."""

from __future__ import annotations

import re

from deputize.incoming import whole, wrong
from deputize.intake.patterns import SPAN

_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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
