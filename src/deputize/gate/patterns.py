"""Regular expressions of a policy: searched for a while, and then the answer is no."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

SEARCH_SECONDS = 0.1
"""How long all patterns of one rule may take for one call."""


class Endless(Exception):
    """A pattern could not be searched for in time."""


def first_found(patterns: Iterable[str], text: str) -> str | None:
    """Return the first pattern that is in a text; raises Endless where one takes too long."""
    for pattern in patterns:
        try:
            if _compiled(pattern).search(text, timeout=SEARCH_SECONDS):
                return pattern
        except TimeoutError as error:
            raise Endless(pattern) from error
    return None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
