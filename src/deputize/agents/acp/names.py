"""The names that an agent gives to its messages, tool calls and terminals: pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from deputize.agents.jsonl import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping


LONGEST_NAME = 200


def name_in(told: Mapping[str, object], key: str) -> str:
    """Return a name that can be kept: of one that is long, its digest, which no other one has."""
    name = as_text(told.get(key))
    if len(name) <= LONGEST_NAME:
        return name
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
