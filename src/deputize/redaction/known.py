"""Secrets whose value is known, in every way in which they may be written."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from deputize.redaction.checks import is_placeholder, speaks_of_another
from deputize.redaction.rules import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST = 8
"""What is shorter would be found in text that has nothing to do with it."""
LINE_OF_BASE64 = 76
"""Where programs that write base64 break a line."""

_NAMES_A_SECRET = re.compile(rf"(?i).*(?:{NAME}|_(?:key|pass|pat|pwd|dsn))")


def secrets_among(variables: Mapping[str, str]) -> list[str]:
    """Return the values of those variables that are called secrets."""
    return [value for name, value in variables.items() if names_a_secret(name)]


def names_a_secret(name: str) -> bool:
    """Tell whether a variable's name says that its value is a secret."""
    return bool(_NAMES_A_SECRET.fullmatch(name)) and not speaks_of_another(name)


def forms_of(value: str) -> set[bytes]:
    """Return how a secret may be written; none where it is too short, or stands for one."""
    parts = {value, *(part.strip() for part in (value, *value.splitlines()))}
    return {
        form
        for part in parts
        if len(part) >= SHORTEST and not is_placeholder(part) and len(set(part)) > 2  # noqa: PLR2004
        for form in _forms(part)
        if b"\n" not in form and len(form) >= SHORTEST
    }


def _forms(value: str) -> Iterator[bytes]:
    raw = value.encode("utf-8", "surrogateescape")
    yield raw
    yield json.dumps(value)[1:-1].encode()
    yield json.dumps(value, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    for escaped in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield escaped.encode()
        yield re.sub("%..", lambda match: match[0].lower(), escaped).encode()
    yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of it wherever it stands in what is written so."""
    whole = base64.b64encode(raw)
    for form in (whole, whole.translate(_TO_URL)):
        yield form
        yield from _broken(form)
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        # The first characters are also made of what comes before, the last one of what comes after.
        start = (0, 2, 3)[before]
        end = len(encoded) - bool((before + len(raw)) % 3)
        yield encoded[start:end]
        yield encoded[start:end].translate(_TO_URL)


def _broken(form: bytes) -> Iterable[bytes]:
    places = range(0, len(form), LINE_OF_BASE64)
    return (form[place : place + LINE_OF_BASE64] for place in places)


_TO_URL = bytes.maketrans(b"+/", b"-_")
