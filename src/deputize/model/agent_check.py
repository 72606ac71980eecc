"""What a check of an agent found: its steps, and whether the gate's no was obeyed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

UNFIT_HINT = "take another version of it, then `deputize check {agent}`"
"""What to do about an agent that did not obey the gate."""


class CheckStep(StrEnum):
    """The steps of a check, in their order."""

    CONFIG = "config"
    START = "start"
    PING = "ping"
    AUTH = "auth"
    SESSION = "session"
    PROMPT = "prompt"
    ANSWER = "answer"
    STOP = "stop"
    CANARY = "canary"
    TASK = "task"


class StepState(StrEnum):
    """How a step went."""

    OK = "ok"
    FAILED = "failed"
    UNSEEN = "unseen"
    """Only the canary's: nothing was put to the gate."""
    NOT_APPLICABLE = "not_applicable"
    """Agents of this kind have no such step, or don't show it."""
    NOT_REACHED = "not_reached"


class Canary(StrEnum):
    """What became of a write that the gate has to refuse."""

    HELD = "held"
    FAILED = "failed"
    UNSEEN = "unseen"
    """Not enforced by the gate: the agent doesn't ask it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One step of a check."""

    step: CheckStep
    state: StepState
    text: str
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCheck:
    """One check of an agent's program, on one machine."""

    id: int
    agent: str
    kind: str
    version: str | None
    """None where the program's version is not known."""
    path: str | None
    host: str
    login: str
    """Which link of the chain of credentials was used; never a key."""
    canary: Canary | None
    """None where the check did not get as far, or no write was tried."""
    steps: Sequence[StepDone]
    checked_at: datetime
    milliseconds: int
    by: str

    @property
    def passed(self) -> bool:
        """Tell whether no step failed; a canary that was not seen is no failure, nor a pass."""
        return all(done.state is not StepState.FAILED for done in self.steps)


def needs_gate(*, tools: Sequence[str] | None, may_change: bool) -> bool:
    """Tell whether a task's policy rests on the gate: there is something that it has to refuse."""
    return tools is not None or not may_change
