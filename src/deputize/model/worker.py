"""A worker: our process that claims tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker as it stands in the store."""

    id: str
    identity: str
    """pid, start time, boot and host, as `workspace` writes them."""
    host: str
    roles: tuple[str, ...]
    """Roles it takes; empty takes any."""
    slots: int
    started_at: datetime
    seen_at: datetime
    draining: bool
    stopped_at: datetime | None
    doorbell: str | None
    """A named pipe that wakes it."""
