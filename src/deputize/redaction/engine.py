"""The engine that patterns run on: RE2, whose time is linear, or Python's own without it.

Both read bytes, and find the same; RE2 reads a whole block at once. The patterns are bounded, so
that Python's time grows with the length of the text too.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from deputize.redaction.rules import COMMON_HINTS, EDGE, HINTS, RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deputize.redaction.rules import Rule

MEMORY_BYTES = 64 << 20
"""What RE2 may use for one pattern's automaton; it goes on more slowly where it needs more."""


class Match(Protocol):
    """What a pattern has found."""

    def span(self, group: int = 0, /) -> tuple[int, int]:
        """Return where a group begins and ends."""


class Pattern(Protocol):
    """A pattern, made ready by either engine."""

    @property
    def groups(self) -> int:
        """How many groups it has."""

    def search(self, text: bytes, pos: int, /) -> Match | None:
        """Return what is found first from `pos` on."""

    def finditer(self, text: bytes, /) -> Iterator[Match]:
        """Yield what is found, from left to right."""


class Engine(Protocol):
    """Makes patterns ready."""

    def __hash__(self) -> int:
        """Stand for what was made ready on it."""

    name: str

    def pattern(self, source: str) -> Pattern:
        """Return a pattern, ready; its characters are bytes."""

    def finders(self) -> tuple[Pattern, ...]:
        """Return what finds every line in which any rule may hold, and perhaps others."""

    def rules_for(self, line: bytes) -> list[Rule]:
        """Return the rules of which a line has a hint."""


class Re2:
    """RE2: many patterns at once in one pass."""

    name = "re2"

    def __init__(self) -> None:
        """Load it; ImportError where it isn't installed."""
        import re2

        self._module = re2
        self._options = re2.Options()
        self._options.encoding = re2.Options.Encoding.LATIN1
        self._options.max_mem = MEMORY_BYTES
        self._options.log_errors = False
        self._hints = self._set_of_hints()

    def pattern(self, source: str) -> Pattern:
        """Return a pattern, ready."""
        compiled = self._module.compile(source.encode("latin-1"), options=self._options)
        return cast("Pattern", compiled)

    def finders(self) -> tuple[Pattern, ...]:
        """Return two patterns: hints that are rare, and the rules whose hints are everywhere."""
        common = [rule for rule in RULES if not COMMON_HINTS.isdisjoint(rule.hints)]
        rare = {hint for rule in RULES if rule not in common for hint in rule.hints}
        # Without what has to stand before a word: that is looked at where one is found.
        heads = (rule.pattern.replace(EDGE, "", 1) for rule in common)
        plain = (re.sub(r"(?<!\\)\((?!\?)", "(?:", head) for head in heads)
        whole = "|".join(f"(?:{pattern})" for pattern in plain)
        return self.pattern(_any_of(rare)), self.pattern(whole)

    def rules_for(self, line: bytes) -> list[Rule]:
        """Return the rules of which a line has a hint."""
        return [RULES[place] for place in sorted(self._hints.Match(line) or ())]

    def _set_of_hints(self) -> Any:  # noqa: ANN401 - it has no types
        hints = self._module.Set.SearchSet(self._options)
        for rule in RULES:
            hints.Add(_any_of(rule.hints).encode())
        hints.Compile()
        return hints


def _any_of(hints: Iterable[str]) -> str:
    return f"(?i:{'|'.join(map(re.escape, sorted(hints)))})"


class Plain:
    """Python's own: it looks for hints only, for a pattern of many branches is slow there."""

    name = "re"

    def pattern(self, source: str) -> Pattern:
        """Return a pattern, ready."""
        return cast("Pattern", re.compile(source.encode("latin-1")))

    def finders(self) -> tuple[Pattern, ...]:
        """Return the hints of all rules as one pattern."""
        return (self.pattern(_any_of(HINTS)),)

    def rules_for(self, line: bytes) -> list[Rule]:
        """Return the rules of which a line has a hint."""
        folded = line.lower().decode("latin-1")
        return [rule for rule in RULES if any(map(folded.__contains__, rule.hints))]


@cache
def engine() -> Engine:
    """Return the best engine that is installed."""
    try:
        return Re2()
    except ImportError:
        return Plain()
