"""What a description reads in the JSON values that a program writes: pure.

Values are hostile: they are walked without recursion, what has another type than is wanted is not
there, and of none of them is kept more than what is told.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from deputize.agents.base import SessionStarted, Used
from deputize.agents.command.launch import SESSION
from deputize.agents.output import ANSWER_CHARACTERS, LINE_CHARACTERS
from deputize.model.attempt import NO_USAGE, Usage, cost_in, count_in, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deputize.model.agent import Reading

MOST_VALUES = 100_000
"""At one path of one value; beyond that the rest is not looked at."""
EACH = "*"
LESS = "-"
"""Before a path: what is found there is taken off."""


class Reader:
    """Reads values, one after another, by the rules of a description."""

    def __init__(
        self,
        rules: tuple[Reading, ...],
        model: str | None = None,
        answer_characters: int = ANSWER_CHARACTERS,
    ) -> None:
        """Read by `rules`; `model` is told as used where none of them tells one."""
        self.answer: str | None = None
        """The last answer so far."""
        self.error: str | None = None
        """What went wrong, unless an answer came after it."""
        self.session: str | None = None
        """The last session that was told of."""
        self._rules = rules
        self._model = model
        self._answer_characters = answer_characters
        self._told: dict[int, Usage] = {}
        self._in_pieces = False

    def take(self, value: object) -> Iterator[SessionStarted | Used | str]:
        """Yield what a value tells; a text is a piece of an answer."""
        fitting = [(place, rule) for place, rule in enumerate(self._rules) if _fits(rule, value)]
        self._model = _last([rule.model for _, rule in fitting], value) or self._model
        session = _last([rule.session for _, rule in fitting], value)
        if session is not None and session != self.session and SESSION.fullmatch(session):
            self.session = session
            yield SessionStarted(token=session)
        yield from self._answer([rule for _, rule in fitting], value)
        for place, rule in fitting:
            used = self._new(place, rule, _usage(rule, value))
            if not used.is_nothing:
                yield Used(usage=used, model=self._model)

    def _answer(self, rules: list[Reading], value: object) -> Iterator[str]:
        goes_on, self._in_pieces = self._in_pieces, False
        for rule in rules:
            text = _last([rule.answer], value)
            if text is None:
                continue
            before = (self.answer or "") if rule.pieces and goes_on else ""
            self.answer = (before + text)[-self._answer_characters :]
            self.error = None
            self._in_pieces = goes_on = rule.pieces
            yield text
        error = _last([rule.error for rule in rules], value)
        if error is not None and error.strip():
            self.error = error[:LINE_CHARACTERS].strip()

    def _new(self, place: int, rule: Reading, usage: Usage) -> Usage:
        if not rule.cumulative:
            return usage
        told = self._told.get(place, NO_USAGE)
        self._told[place] = usage
        return usage.beyond(told)


def values_at(value: object, path: str) -> list[object]:
    """Return what stands at a path, in order: nothing where there is no such place."""
    found = [value]
    for name in path.split("."):
        found = [inner for each in found for inner in _inside(each, name)][:MOST_VALUES]
    return found


def _inside(value: object, name: str) -> list[object]:
    if name == EACH:
        if isinstance(value, dict):
            return list(value.values())
        return value if isinstance(value, list) else []
    if isinstance(value, dict):
        return [value[name]] if name in value else []
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return [value[int(name)]]
    return []


def _fits(rule: Reading, value: object) -> bool:
    return _stand(rule.where, value) == len(rule.where) and not _stand(rule.unless, value)


def _stand(wanted: Mapping[str, str], value: object) -> int:
    """Return how many of these texts stand at their paths."""
    return sum(text in values_at(value, path) for path, text in wanted.items())


def _last(paths: list[str | None], value: object) -> str | None:
    """Return the last text that stands at one of some paths."""
    found = [each for path in paths if path is not None for each in values_at(value, path)]
    text = next((each for each in reversed(found) if isinstance(each, str)), None)
    # JSON has halves of characters that no text of ours can hold.
    return None if text is None else text.encode("utf-8", "replace").decode()


def _usage(rule: Reading, value: object) -> Usage:
    counts = {
        name: _count(getattr(rule, name), value)
        for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
    }
    # A program that knows no price says that it was for nothing.
    cost = sum(map(Decimal, filter(None, map(cost_in, _all(rule.cost_usd, value)))), Decimal(0))
    return Usage(**counts, cost_usd=written(cost) if cost else None)


def _count(paths: tuple[str, ...], value: object) -> int:
    """Add up what is found, less what is found at the paths that say so."""
    taken_off = tuple(path[1:] for path in paths if path.startswith(LESS))
    added = tuple(path for path in paths if not path.startswith(LESS))
    more, less = (sum(map(count_in, _all(each, value))) for each in (added, taken_off))
    return count_in(more - less)


def _all(paths: tuple[str, ...], value: object) -> Iterator[object]:
    for path in paths:
        yield from values_at(value, path)
