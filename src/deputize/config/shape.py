"""Check a table against the named tuple that it fills, and name what is wrong in it."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any, cast

from deputize.config.settings import CHOICES, LEAST_BUDGET_USD, MOST_USD, RANGES
from deputize.config.web_address import is_web_address
from deputize.errors import ConfigError

SHOWN_LENGTH = 60
"""How much of a wrong value an error shows, in characters."""
_NAMED = frozenset(
    {"agents", "approvals", "budget", "checks", "hooks", "models", "notify", "providers", "roles"}
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PATTERNS = re.compile(r"\.patterns\.|\.(lost_session|noise)\.\d+$")
"""Keys whose values are regular expressions."""
_PLACES = frozenset({"where", "unless"})
_FREE = frozenset({"variables", "exit_codes", *_PLACES})
"""Tables whose keys are not ours; some of them are paths into JSON."""
PATH = re.compile(r"[^.\s]{1,64}(\.[^.\s]{1,64}){0,15}")
"""Names and positions, joined by dots."""
_DIGITS = 9
LONGEST_SECONDS = 366 * 86400
LONGEST_RETENTION_SECONDS = 100 * LONGEST_SECONDS
LARGEST_NUMBER = 1_000_000
MEND = "mend it there; `deputize doctor` says whether all is right"
_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: object, most: int = LONGEST_SECONDS) -> int | None:
    """Read `90`, `10m` or `2h` as seconds, at most a year; None where it is none of these."""
    seconds = _seconds(value) if isinstance(value, str) else value
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    return seconds if 0 < seconds <= most else None


def _seconds(text: str) -> int | None:
    count, unit = (text[:-1], text[-1]) if text[-1:] in _SPANS else (text, "s")
    if not (count.isascii() and count.isdigit() and len(count) <= _DIGITS):
        return None
    return int(count) * _SPANS[unit]


class Shape:
    """Reads tables of one file (or variable) named `source`."""

    def __init__(self, source: str) -> None:
        """Name what is read, for error messages."""
        self.source = source

    def fill(self, kind: type[Any], table: object, key: str = "") -> Any:  # noqa: ANN401 - what `kind` is
        """Make a `kind` of a table; ConfigError names the key and what would be right."""
        if not isinstance(table, Mapping):
            raise self.wrong(key, "a table", table)
        known = typing.get_type_hints(kind)
        for name in table:
            if name not in known:
                raise self.unknown(_join(key, name), name, known)
        for name in known:
            if name not in kind._field_defaults and name not in table:
                missing = f"{self.source}: `{_join(key, name)}` is missing"
                raise ConfigError(missing, hint=MEND)
        values = {name: self._value(known[name], table[name], _join(key, name)) for name in table}
        return kind(**values)

    def _value(self, wanted: object, value: object, key: str) -> object:
        origin = typing.get_origin(wanted)
        if origin is types.UnionType:
            wanted = next(part for part in typing.get_args(wanted) if part is not types.NoneType)
            return self._value(wanted, value, key)
        if origin is tuple:
            return self._list(typing.get_args(wanted)[0], value, key)
        if origin is Mapping:
            return self._named(typing.get_args(wanted)[1], value, key)
        if hasattr(wanted, "_fields"):
            return self.fill(cast("type[Any]", wanted), value, key)
        return self._plain(wanted, value, key)

    def _plain(self, wanted: object, value: object, key: str) -> object:
        if _is_free(key):
            self._check_text(value, key)
            return value
        if key.startswith("retention."):
            return self._retention(value, key)
        if key.endswith("_seconds"):
            seconds = duration(value)
            if seconds is None:
                raise self.wrong(key, "a duration such as 90, 10m or 2h", value)
            return seconds
        if wanted is bool and not isinstance(value, bool):
            raise self.wrong(key, "true or false", value)
        if wanted is float:
            return self._money(value, key)
        least, most = RANGES.get(_pattern(key), (0, LARGEST_NUMBER))
        if wanted is int and not (type(value) is int and least <= value <= most):
            raise self.wrong(key, f"a whole number from {least} to {most}", value)
        if wanted is str:
            self._check_text(value, key)
        choices = CHOICES.get(_pattern(key))
        if choices and value not in choices:
            raise self.wrong(key, " or ".join(f'"{word}"' for word in choices), value)
        return value

    def _check_text(self, value: object, key: str) -> None:
        if not isinstance(value, str):
            raise self.wrong(key, "a text", value)
        if "\0" in value:
            raise self.wrong(key, "a text without the NUL character", value)
        is_pattern = key.startswith("agents.") and _PATTERNS.search(key) is not None
        if is_pattern and not _is_expression(value):
            raise self.wrong(key, "a regular expression", value)
        if key == "telemetry.endpoint" and not is_web_address(value):
            raise self.wrong(key, "a web address such as http://localhost:4318", value)

    def _money(self, value: object, key: str) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        least = LEAST_BUDGET_USD if key.startswith("budget.") else 0
        if not good or not least <= cast("float", value) <= MOST_USD:
            more = f" from {least:f}" if least else ""
            raise self.wrong(key, f"a number of dollars such as 2.50{more}", value)
        return float(cast("float", value))

    def _retention(self, value: object, key: str) -> int:
        seconds = _seconds(value) if isinstance(value, str) else value
        if type(seconds) is int and 0 <= seconds <= LONGEST_RETENTION_SECONDS:
            return seconds
        raise self.wrong(key, "a duration such as 12h or 90d, or 0 for ever", value)

    def _list(self, wanted: object, value: object, key: str) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise self.wrong(key, "a list", value)
        return tuple(
            self._value(wanted, item, f"{key}.{place}") for place, item in enumerate(value)
        )

    def _named(self, wanted: object, value: object, key: str) -> dict[str, object]:
        if not isinstance(value, Mapping):
            raise self.wrong(key, "a table", value)
        fitting, right = NAME, "tables named with letters, digits, - and _"
        if key.rpartition(".")[2] in _PLACES:
            fitting, right = PATH, "texts, each at a path of names such as `message.role`"
        for name in value:
            if not fitting.fullmatch(name):
                raise self.wrong(key, right, name)
        return {name: self._value(wanted, item, _join(key, name)) for name, item in value.items()}

    def wrong(self, key: str, right: str, value: object) -> ConfigError:
        """Make the error for a value of the wrong kind."""
        shown = (
            repr(value) if len(repr(value)) <= SHOWN_LENGTH else f"{repr(value)[:SHOWN_LENGTH]}…"
        )
        return ConfigError(f"{self.source}: `{key}` must be {right}, not {shown}", hint=MEND)

    def unknown(self, key: str, name: str, known: typing.Iterable[str]) -> ConfigError:
        """Make the error for a key that does not exist, with the nearest one that does."""
        import difflib

        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        place = key.removesuffix(name)
        hint = f"did you mean `{place}{near[0]}`?" if near else f"known: {', '.join(sorted(known))}"
        return ConfigError(f"{self.source}: unknown key `{key}`", hint=hint)


def laid_over(below: Any, own: Any, table: object) -> Any:  # noqa: ANN401 - any setting
    """Return what is below with all that a table says, which `own` was made of, key by key.

    Only the table knows what was said: in `own`, a default is as good as any other value.
    """
    if below is None or not isinstance(table, Mapping):
        return own
    if isinstance(own, Mapping):
        inner = {name: laid_over(below.get(name), own[name], table[name]) for name in table}
        return {**below, **inner}
    said = {key: laid_over(getattr(below, key), getattr(own, key), table[key]) for key in table}
    return below._replace(**said)


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _is_free(key: str) -> bool:
    return key.startswith("agents.") and not _FREE.isdisjoint(key.split(".")[2:-1])


def _is_expression(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _pattern(key: str) -> str:
    parts = key.split(".")
    if parts[0] in {"roles", "agents", "approvals", "hooks"} and parts[-1].isdecimal():
        parts.pop()  # a place in a list
    if parts[0] in _NAMED and parts[2:]:
        parts[1:-1] = "*"
    if parts[0] == "policy" and parts[3:]:
        parts[2] = "*"
    return ".".join(parts)
