"""The rules of what a secret looks like, as they stand in `rules.txt`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_FILE = _FOLDER / "rules.txt"

NAME_HINTS = ("key", "secret", "token", "passw", "passphrase", "credential")
COMMON_HINTS = frozenset({*NAME_HINTS, "://", "--", "basic"})
"""Every other file has these: a line that has one is no news."""
NAME = (
    r"(?:(?:api|app|access|private|auth|account|shared|signing|encryption|master|client|service)[_-]?key"
    r"|secret(?:[_-]?(?:access[_-]?)?key)?|token|passw(?:or)?d|passphrase|credential)s?"
    r"(?:[_-][a-z0-9]{1,40}){0,4}"
)
"""What the name of a secret looks like."""
_IS = (
    r"(?:\\{0,3}[\"'])?\]?(?:[ \t]{0,2}:[ \t]{0,2}(?:str|string|bytes|secretstr)\b)?"
    r"[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}"
)
_GETS = r"(?:\\{0,3}[\"'])?[ \t]{0,4}[:=][ \t]{0,4}(?:\\{0,3}[\"'])?"
_ESCAPE = r"\\[nrt]|%[0-9A-Fa-f]{2}|\x1b\[[0-9;]{0,20}m|\\u00[0-9a-f]{2}(?:\[[0-9;]{0,20}m)?"
EDGE = rf"(?:\b|{_ESCAPE})"
"""A word's edge, or what escapes a character before it."""
_WORDS = {
    "%ESCAPE%": _ESCAPE,
    "%NAME%": NAME,
    "%IS%": _IS,
    "%GETS%": _GETS,
    "%HINTS%": ",".join(NAME_HINTS),
}


class Rule(NamedTuple):
    """One kind of secret."""

    name: str
    check: str
    """Which of the checks decides on what the pattern has found; `-` where none does."""
    hints: tuple[str, ...]
    """The rule holds only in lines that have one of these, in lower case."""
    pattern: str


def _rule(line: str) -> Rule:
    name, check, hints, pattern = line.split(None, 3)
    for word, meaning in _WORDS.items():
        hints, pattern = hints.replace(word, meaning), pattern.replace(word, meaning)
    return Rule(name, check, tuple(hints.split(",")), _after_escapes(pattern))


def _after_escapes(pattern: str) -> str:
    """Let a pattern that begins at a word's edge begin after what escapes a character too.

    The last letter of a line's end in JSON, say, would else belong to the word.
    """
    if pattern.startswith("(?i:\\b"):
        return pattern.replace("\\b", EDGE, 1)
    if not pattern.startswith("\\b"):
        return pattern
    rest = pattern.removeprefix("\\b")
    has_group = re.search(r"(?<!\\)\((?!\?)", rest) is not None
    return f"{EDGE}{rest}" if has_group else f"{EDGE}({rest})"


def _read() -> tuple[Rule, ...]:
    lines = map(str.strip, _FILE.read_text(encoding="utf-8").splitlines())
    return tuple(_rule(line) for line in lines if line and not line.startswith("#"))


RULES = _read()


KEY_HINT = "private key"
HINTS = tuple(sorted({KEY_HINT, *(hint for rule in RULES for hint in rule.hints)}))
"""Text that has none of these has no secret that any rule knows."""
_BEGINNING = 3
_BEGINNINGS = frozenset(hint[:_BEGINNING] for hint in HINTS if len(hint) >= _BEGINNING)
_SHORTER_HINTS = tuple(hint for hint in HINTS if len(hint) < _BEGINNING)
_BRIEF = 100
"""In texts of fewer characters, to look at each three in a row is quicker than to look for all."""


def has_hint(text: str) -> bool:
    """Tell whether any rule's hint is in a text: quick where none is, as in most texts."""
    folded = text.lower()
    if len(folded) < _BRIEF and not any(map(folded.__contains__, _SHORTER_HINTS)):
        threes = [folded[place : place + _BEGINNING] for place in range(len(folded))]
        if _BEGINNINGS.isdisjoint(threes):
            return False
    return any(map(folded.__contains__, HINTS))


@cache
def version() -> str:
    """Return a name for what is taken for a secret: other rules or checks, another name."""
    from hashlib import sha256

    deciding = ("rules.txt", "rules.py", "checks.py", "keys.py", "known.py", "lines.py", "sweep.py")
    whole = b"\0".join((_FOLDER / name).read_bytes() for name in deciding)
    return f"sha256:{sha256(whole).hexdigest()[:16]}"
