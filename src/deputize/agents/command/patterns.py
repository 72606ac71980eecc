"""What the words of a program amount to, by the patterns that settings give: pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.agents.failures import Failure, reset_in
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.agent import Patterns

RESET = "reset"
"""The group that holds when a limit ends."""


def told_in(lines: Sequence[str], patterns: Patterns, now: datetime) -> tuple[Failure, str] | None:
    """Return the failure that the last fitting line tells, with the line; None where none does."""
    for line in reversed(lines):
        for name, expressions in patterns._asdict().items():
            for expression in expressions:
                if found := re.search(expression, line):
                    return Failure(outcome=Outcome(name), retry_at=_reset(found, now)), line
    return None


def _reset(found: re.Match[str], now: datetime) -> datetime | None:
    said = found.groupdict().get(RESET)
    return None if said is None else reset_in(f"try again in {said}", now)
