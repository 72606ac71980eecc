"""What a listing is narrowed to: the same for tasks, changes, questions, sessions and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput
from deputize.model.outcome import Outcome
from deputize.model.states import FINAL_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from deputize.store.narrowing import Wanted

MOST = 1_000_000
"""More than any listing has."""


class Narrowing(NamedTuple):
    """Which rows are wanted; None lets everything through."""

    state: str | None = None
    role: str | None = None
    agent: str | None = None
    label: str | None = None
    reason: str | None = None
    """Why a task failed or was cancelled."""
    since: datetime | None = None
    plan: int | None = None
    limit: int = MOST

    @property
    def is_narrow(self) -> bool:
        """Tell whether it leaves rows out by what they are."""
        return self._replace(limit=MOST) != ALL

    @property
    def is_of_ends(self) -> bool:
        """Tell whether it leaves only tasks that have ended."""
        return self.reason is not None or self.state in FINAL_TASK_STATES

    @property
    def tells_when(self) -> bool:
        """Tell whether it may be about tasks that have ended, and not only about open ones."""
        return bool(self.state or self.reason or self.since)

    def within(self, states: Collection[str]) -> Narrowing:
        """Return itself; InvalidInput where its state is none of `states`."""
        _require("state", self.state, states)
        _require("reason", self.reason, list(Outcome))
        return self

    @property
    def asked(self) -> Wanted:
        """What the store is asked for, whatever the rows are."""
        return {
            "state": self.state,
            "role": self.role,
            "agent": self.agent,
            "label": self.label,
            "plan": self.plan,
            "since": self.since,
        }

    @property
    def asked_of_tasks(self) -> Wanted:
        """What the store is asked for of tasks: of those that have ended, `since` means the end."""
        since, ended = (None, self.since) if self.is_of_ends else (self.since, None)
        return {**self.asked, "reason": self.reason, "since": since, "ended_since": ended}


def _require(what: str, word: str | None, known: Collection[str]) -> None:
    if word is not None and word not in known:
        raise InvalidInput(f"unknown {what} {word!r}", hint=f"known: {', '.join(known)}")


ALL = Narrowing()
