"""A session: an agent's own conversation, which can be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An agent's conversation that a later attempt may resume."""

    token: str
    agent: str
    task: int
    attempt: int
    started_at: datetime
    used_at: datetime
