"""Take secrets out of text before it is written or shown."""

from __future__ import annotations

import re
from functools import cache

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
    (
        r"\bey[JK][A-Za-z0-9_-]{10,500}\.[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{5,2000}",
        ("eyJ", "eyK"),
    ),
)
_NAMED = (
    (
        r"(?i)((?:api[_-]?key|secret|token|passw(?:or)?d|credential)s?"
        r"(?:[_-][a-z0-9]{1,40}){0,4}[\"']?\s{0,8}[:=]\s{0,8}[\"']?)(?!\[redacted\])[^\s\"'&,;]{8,}"
    ),
    ("key", "secret", "token", "passw", "credential"),
)
_BEARER = (r"(?i)\b((?:bearer|basic)\s{1,8})[A-Za-z0-9._~+/=-]{12,}", ("bearer", "basic"))
_URL = (r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,200}:)[^\s/@]{1,200}(?=@)", ("://",))

_RULES = (
    *((rule, hints, MARK) for rule, hints in (_KEY, *_TOKENS)),
    *((rule, hints, rf"\1{MARK}") for rule, hints in (_BEARER, _URL, _NAMED)),
)


def redacted(text: str) -> str:
    """Return `text` with every secret in it replaced by a mark."""
    folded = text.lower()
    for rule, hints, replacement in _RULES:
        # Most text has none of these, and looking for plain words costs next to nothing.
        if any(hint.lower() in folded for hint in hints):
            text = _compiled(rule).sub(replacement, text)
    return text


@cache
def _compiled(rule: str) -> re.Pattern[str]:
    return re.compile(rule)


def redacted_value(value: object) -> object:
    """Return a JSON value with every text in it redacted."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: redacted_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted_value(item) for item in value]
    return value


_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def printable(text: str) -> str:
    """Return `text` with every control character shown instead of sent to the terminal.

    Line ends and tabs stay. Bidirectional overrides are shown too, because they reorder what a
    person reads (Trojan Source, CVE-2021-42574).
    """
    return re.sub(_CONTROL, lambda match: f"\\x{ord(match[0]):02x}", text.replace("\r\n", "\n"))
