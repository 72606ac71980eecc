"""Where the secrets of whole lines are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from deputize.redaction.checks import is_secret
from deputize.redaction.engine import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.redaction.engine import Engine, Pattern
    from deputize.redaction.rules import Rule

CONTEXT_LENGTH = 200
"""How much of what a line has before a value a check is shown."""
SMALL = 2048
"""Up to this size a block is not worth a look at all rules together."""


class Span(NamedTuple):
    """Where a secret is, and by which rule."""

    start: int
    end: int
    rule: str
    begin: int
    """Where what the rule wants in front of it begins."""

    def moved(self, by: int) -> Span:
        """Return it for a text that has `by` more bytes in front."""
        return Span(self.start + by, self.end + by, self.rule, self.begin + by)


@cache
def _finders(on: Engine) -> tuple[Pattern, ...]:
    return on.finders()


@cache
def _pattern(on: Engine, rule: Rule) -> Pattern:
    return on.pattern(rule.pattern)


def spans_in(block: bytes, on: Engine | None = None) -> list[Span]:
    """Return where secrets are in a block of lines; they may overlap."""
    on = on or engine()
    if len(block) <= SMALL:
        lines = set(_each_line(block))
    else:
        lines = {line for finder in _finders(on) for line in _lines_with(finder, block)}
    return [
        span.moved(start) for start, end in sorted(lines) for span in _in_line(block[start:end], on)
    ]


def _each_line(block: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    for line in block.split(b"\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _lines_with(finder: Pattern, block: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the lines are in which something is found."""
    place = 0
    while place <= len(block) and (match := finder.search(block, place)) is not None:
        # The last byte of it, for a pattern may want the end of the line before in front.
        last = max(match.span()[1] - 1, place)
        start, end = block.rfind(b"\n", 0, last) + 1, block.find(b"\n", last)
        end = len(block) if end < 0 else end
        yield start, end
        place = end + 1


def _in_line(line: bytes, on: Engine) -> Iterator[Span]:
    for rule in on.rules_for(line):
        yield from _of_rule(rule, line, on)


def _of_rule(rule: Rule, line: bytes, on: Engine) -> Iterator[Span]:
    pattern = _pattern(on, rule)
    for match in pattern.finditer(line):
        groups = map(match.span, range(1, pattern.groups + 1))
        start, end = next((span for span in groups if span[0] >= 0), match.span())
        before = line[max(0, start - CONTEXT_LENGTH) : start].decode("latin-1")
        if is_secret(
            rule.check,
            before,
            line[start:end].decode("latin-1"),
            line[end : end + 1].decode("latin-1"),
        ):
            yield Span(start, end, rule.name, match.span()[0])
