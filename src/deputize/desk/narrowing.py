"""What a listing is narrowed to: the same for tasks, changes, questions, sessions and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

MOST = 1_000_000
"""More than any listing has."""


class Narrowing(NamedTuple):
    """Which rows are wanted; None lets everything through."""

    state: str | None = None
    role: str | None = None
    since: datetime | None = None
    plan: int | None = None
    limit: int = MOST

    @property
    def is_narrow(self) -> bool:
        """Tell whether it leaves rows out by what they are."""
        return any(each is not None for each in (self.state, self.role, self.since, self.plan))

    def within(self, states: Collection[str]) -> Narrowing:
        """Return itself; InvalidInput where its state is none of `states`."""
        if self.state is not None and self.state not in states:
            hint = f"known: {', '.join(states)}"
            raise InvalidInput(f"unknown state {self.state!r}", hint=hint)
        return self


ALL = Narrowing()
