"""What came back of a call to a hook."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a hook said, as it said it; or why that can't be told."""

    content: bytes = b""
    problem: str | None = None
