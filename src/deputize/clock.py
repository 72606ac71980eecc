"""The time, replaceable in tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Two implementations: the system's, and one that tests set by hand."""

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the current moment as an aware UTC datetime."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        """Start at `at`, an aware datetime."""
        self.at = at

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.at
