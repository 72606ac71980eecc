"""Take secrets out of text before it is written or shown."""

from __future__ import annotations

import re
from functools import cache

MARK = "[redacted]"

_PATTERNS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"\bgh[pousr]_[A-Za-z0-9]{20,}",
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
    r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bey[JK][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}",
)
_NAMED = (
    r"(?i)\b((?:[a-z0-9]+[_-])*(?:api[_-]?key|secret|token|passw(?:or)?d|credential)s?"
    r"(?:[_-][a-z0-9]+)*[\"']?\s*[:=]\s*[\"']?)(?!\[redacted\])[^\s\"'&,;]{8,}"
)
_BEARER = r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{12,}"
_URL = r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,200}:)[^\s/@]{1,200}(?=@)"

_SIGNS = (
    *("key", "token", "secret", "passw", "credential", "bearer", "basic", "://"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk-", "xox"),
    *("akia", "asia", "aiza", "npm_", "eyj", "eyk"),
)
"""Text, in lower case, without any of which no rule can match; most text has none."""


def redacted(text: str) -> str:
    """Return `text` with every secret in it replaced by a mark."""
    lowered = text.lower()
    if not any(sign in lowered for sign in _SIGNS):
        return text
    for pattern, replacement in _rules():
        text = pattern.sub(replacement, text)
    return text


@cache
def _rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    named = (_BEARER, _URL, _NAMED)
    return (
        (re.compile("|".join(_PATTERNS)), MARK),
        *((re.compile(rule), rf"\1{MARK}") for rule in named),
    )


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
