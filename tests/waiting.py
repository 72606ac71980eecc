"""Waiting for what another process does, under a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.01


def wait_until(
    condition: Callable[[], Answer], *, deadline_seconds: float = DEADLINE_SECONDS
) -> Answer:
    """Return the first true answer of `condition`; fail if none comes before the deadline."""
    until = time.monotonic() + deadline_seconds
    while not (answer := condition()):
        assert time.monotonic() < until, f"still not so after {deadline_seconds} s"
        time.sleep(POLL_SECONDS)
    return answer
