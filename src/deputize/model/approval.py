"""An approval: a person's answer, or the question that waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class ApprovalState(StrEnum):
    """Where the question stands."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class Subject(StrEnum):
    """What a question is about."""

    CHANGE = "change"
    TRUST = "trust"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to a person, as it stands in the store. Shown as `a3`."""

    id: int
    about: Subject
    subject: str
    """For people: `change c7 of #12`, `commands of deputize.toml in PATH`."""
    digest: str
    """What exactly is approved: a tree, a hash of the commands, an account."""
    task: int | None
    change: int | None
    git_dir: str | None
    reason: str
    risk: str
    state: ApprovalState
    asked_at: datetime
    deadline_at: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None
    """The person's words, where there were any."""
