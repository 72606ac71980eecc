"""What a running attempt does, from facts: what its agent told last, what its processes use."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.attempt import HEARTBEAT_SECONDS

if TYPE_CHECKING:
    from datetime import datetime

FRESH_SECONDS = 2 * HEARTBEAT_SECONDS
"""So long nothing can be said of a pause: what is known of an attempt is as old as a heartbeat."""
SILENT_SECONDS = 60
"""An agent of which nothing was heard for so long, and that uses no tool, is told to be silent."""
IDLE_CPU_SECONDS = 0.1
"""Between two heartbeats a program that only waits uses less than this."""


class Turn(StrEnum):
    """Whose turn it is, as the agent's protocol tells it."""

    AGENT = "agent"
    """Nobody else's, or the agent's protocol does not tell."""
    MODEL = "model"
    TOOL = "tool"
    PERMISSION = "permission"


class Doing(StrEnum):
    """What follows from it."""

    WORKING = "working"
    WAITING_FOR_PERMISSION = "waiting_for_permission"
    WAITING_FOR_MODEL = "waiting_for_model"
    SILENT = "silent"


class Activity(NamedTuple):
    """The facts, as of a heartbeat."""

    turn: Turn
    what: str
    """The tool that runs or is asked about; nothing otherwise."""
    since: datetime
    """Since when that has been so."""
    heard_at: datetime
    """When the agent told something last."""
    process_count: int | None = None
    cpu_seconds: float | None = None
    """What its processes have used since the heartbeat before; None where that isn't known."""

    def doing(self, now: datetime) -> Doing:
        """Say what it does."""
        if self.turn is Turn.PERMISSION:
            return Doing.WAITING_FOR_PERMISSION
        unheard = (now - self.heard_at).total_seconds()
        if self.turn is Turn.TOOL or unheard < FRESH_SECONDS:
            return Doing.WORKING
        if self.turn is Turn.MODEL and unheard < SILENT_SECONDS:
            return Doing.WAITING_FOR_MODEL
        return Doing.WORKING if unheard < SILENT_SECONDS else Doing.SILENT
