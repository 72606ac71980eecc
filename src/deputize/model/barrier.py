"""A barrier: what is closed for a while, so that tasks behind it wait in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class BarrierKind(StrEnum):
    """What a barrier closes."""

    ALL = "all"
    ROLE = "role"
    PLAN = "plan"
    AGENT = "agent"
    PROVIDER = "provider"


class Cause(StrEnum):
    """Why a barrier is closed."""

    PERSON = "person"
    LIMIT = "limit"
    """A provider's rate limit or quota: the barrier opens by itself."""
    BUDGET = "budget"
    """What may be spent is spent: a person may grant more, and a day's opens with the next day."""


QUEUE = "queue"
"""Who closes what nobody asked for: a limit, a spent budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Something that is closed."""

    kind: BarrierKind
    name: str
    """The role, plan, agent or provider; empty for everything."""
    cause: Cause
    since: datetime
    until: datetime | None
    """When it opens by itself; None where a person has to open it."""
    by: str
    reason: str | None = None

    @property
    def label(self) -> str:
        """Name what is closed, for people."""
        if self.kind is BarrierKind.ALL:
            return "everything"
        return f"plan p{self.name}" if self.kind is BarrierKind.PLAN else f"{self.kind} {self.name}"
