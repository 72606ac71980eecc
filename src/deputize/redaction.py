"""Take secrets out of text before it is written or shown."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "[redacted]"

# Every repetition is bounded and no two of them can share the same text, so that the time taken
# grows with the length of the text alone, whatever a hostile text looks like.
_KEY = (
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
    ("PRIVATE KEY-----",),
)
_TOKENS = (
    (
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    ),
    (r"\bglpat-[A-Za-z0-9_-]{20,}", ("glpat-",)),
    (r"\bsk-[A-Za-z0-9_-]{20,}", ("sk-",)),
    (r"\bxox[abprs]-[A-Za-z0-9-]{10,}", ("xox",)),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", ("AKIA", "ASIA")),
    (r"\bAIza[A-Za-z0-9_-]{35}", ("AIza",)),
    (r"\bnpm_[A-Za-z0-9]{36}", ("npm_",)),
    (r"\bpypi-[A-Za-z0-9_-]{20,}", ("pypi-",)),
    (r"\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}", ("SG.",)),
    (r"\bdop_v1_[a-f0-9]{64}", ("dop_v1_",)),
    (r"\bhf_[A-Za-z0-9]{30,}", ("hf_",)),
    (r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}", ("k_live_", "k_test_")),
    (
        r"\bey[JK][A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{5,2000}",
        ("eyJ", "eyK"),
    ),
)
_NAME = (
    r"(?:(?:api|access|private)[_-]?key|secret(?:[_-]?(?:access[_-]?)?key)?|token|passw(?:or)?d"
    r"|passphrase|credential)s?+(?:[_-][a-z0-9]{1,40}+){0,4}+"
)
_NAMES = ("key", "secret", "token", "passw", "passphrase", "credential")
_IS = r"(?:\\?[\"'])?\s{0,8}+[:=]\s{0,8}+"
# In quotes (which may be escaped themselves) to their end; else up to the next space or mark, but
# then a plain number is a count of tokens rather than a secret.
_NAMED = (
    (
        rf"(?i)({_NAME}{_IS}(?:(?P<escaped>\\[\"'])|(?P<double>\")|(?P<single>'))?)"
        r"(?(escaped)[^\"'\\\r\n]{6,}+|(?(double)(?:[^\"\\\r\n]|\\.){6,}+"
        r"|(?(single)(?:[^'\\\r\n]|\\.){6,}+"
        r"|(?!\d{1,20}(?:[\s\"'&,;}]|\Z))[^\s\"'&,;]{8,}+)))"
    ),
    _NAMES,
)
# Short for a password only where it is assigned: test runs print `PASS: name` a thousand times.
_PASS = (
    (
        r"(?i)((?:\b|_)pass(?:wd)?=)(?!\d{1,20}(?:[\s\"'&,;}]|\Z))"
        r"(?:\"[^\"\r\n]{4,}\"|'[^'\r\n]{4,}'|[^\s\"'&,;]{6,})"
    ),
    ("pass=", "passwd="),
)
_OPTION = (
    (
        rf"(?i)(--(?:[a-z0-9]{{1,20}}-){{0,4}}{_NAME}\s{{1,8}})"
        r"(?:\"[^\"\r\n]{4,}\"|'[^'\r\n]{4,}'|(?![-<{$[(\d])[^\s\"',;]{6,}|(?=\d)[^\s\"',;]{8,})"
    ),
    ("--",),
)
_HEADER = (
    rf"(?i)(authorization{_IS}[\"']?(?:basic|bearer|token)\s{{1,8}})[^\s\"'\\]{{6,}}",
    ("authorization",),
)
# A digit or `=` tells a credential from the second word of "basic authentication".
_BEARER = (
    r"(?i)\b((?:bearer|basic)\s{1,8})(?=\S{0,300}?[0-9=])[A-Za-z0-9._~+/=-]{12,}",
    ("bearer", "basic"),
)
_URL = (r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)", ("://",))


def _after_name(match: re.Match[str]) -> str:
    """Keep the name of a secret; faster than a template, which `re` takes apart each time."""
    return f"{match[1]}{MARK}"


_RULES: tuple[tuple[str, tuple[str, ...], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (rule, tuple(hint.lower() for hint in hints), replacement)
    for rules, replacement in (
        ((_KEY, *_TOKENS), MARK),
        ((_HEADER, _BEARER, _URL, _NAMED, _PASS, _OPTION), _after_name),
    )
    for rule, hints in rules
)

_EVERY_HINT = tuple(dict.fromkeys(hint for _, hints, _ in _RULES for hint in hints))


def redacted(text: str) -> str:
    """Return `text` with every secret in it replaced by a mark."""
    folded = text.lower()
    # Most text has none of these, and looking for plain words costs next to nothing.
    if not any(map(folded.__contains__, _EVERY_HINT)):
        return text
    for rule, hints, replacement in _RULES:
        for hint in hints:
            if hint in folded:
                text = _compiled(rule).sub(replacement, text)
                break
    return text


@cache
def _compiled(rule: str) -> re.Pattern[str]:
    return re.compile(rule)


def redacted_value(value: object) -> object:
    """Return a JSON value with every text in it redacted."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {
            key: _hidden(item) if _names_a_secret(str(key)) else redacted_value(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redacted_value(item) for item in value]
    return value


@lru_cache(maxsize=256)
def _names_a_secret(key: str) -> bool:
    folded = key.lower()
    return any(hint in folded for hint in _NAMES) and bool(re.search(rf"{_NAME}\Z", folded))


def _hidden(item: object) -> object:
    if isinstance(item, (list, tuple)):
        return [_hidden(part) for part in item]
    return MARK if isinstance(item, str) and item else redacted_value(item)


_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def printable(text: str) -> str:
    """Return `text` with every control character shown instead of sent to the terminal.

    Line ends and tabs stay. Bidirectional overrides are shown too, because they reorder what a
    person reads (Trojan Source, CVE-2021-42574), and so is what no encoding can carry.
    """
    if text.isprintable():
        return text
    return re.sub(_CONTROL, lambda match: f"\\x{ord(match[0]):02x}", text.replace("\r\n", "\n"))


_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def shown_name(name: str) -> str:
    """Return a file's name for people: in quotes, C-style, where it could be taken for another.

    That is a name with control, invisible or undecodable characters, or with spaces that a table
    or an eye would lose. Two different names never look the same.
    """
    plain = name.isprintable() and name == name.strip() and "  " not in name
    return name if plain and name and not name.startswith('"') else _quoted(name)


def json_name(name: str) -> str:
    """Return a file's name for programs: as it is, or as `shown_name` where it isn't UTF-8."""
    odd = name.startswith('"') or any("\ud800" <= character <= "\udfff" for character in name)
    return _quoted(name) if odd else name


def spelled_out(value: object) -> object:
    """Return a JSON value in which each byte that could not be decoded is spelled out."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", lambda match: _spelled(match[0]), value)
    if isinstance(value, dict):
        return {str(spelled_out(str(key))): spelled_out(item) for key, item in value.items()}
    return [spelled_out(item) for item in value] if isinstance(value, (list, tuple)) else value


def _quoted(name: str) -> str:
    escaped = []
    for place, character in enumerate(name):
        follows_space = character == " " and name[place - 1 : place] == " "
        if character in _SHORT:
            escaped.append(_SHORT[character])
        elif character.isprintable() and not follows_space:
            escaped.append(character)
        else:
            escaped.append(_spelled(character))
    return f'"{"".join(escaped)}"'


def _spelled(character: str) -> str:
    try:
        raw = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in raw)


def bare_url(url: str) -> str:
    """Return an address without what may be a secret in it: name, password, query and fragment."""
    from urllib.parse import urlsplit, urlunsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return MARK
    place = parts.netloc.rpartition("@")[2]
    return redacted(urlunsplit((parts.scheme, place, parts.path, "", "")))
