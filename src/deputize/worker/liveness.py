"""Following a run by what its agent's protocol tells and its processes use, not by its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deputize.agents.base import (
    AgentEvent,
    ProcessStarted,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    Used,
)
from deputize.model.activity import Activity, Turn
from deputize.workshop import aside
from deputize.workspace.processes.identity import ProcessIdentity, identify
from deputize.workspace.processes.load import Load, load_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deputize.model.policy import Action

WHAT_CHARACTERS = 80


async def observe(lives: Mapping[int, Liveness]) -> dict[int, Activity]:
    """Say what each of some attempts does; their processes are looked at in a thread."""
    roots = {attempt: [*life.roots.values()] for attempt, life in lives.items()}
    loads = await aside(_loads, roots) if any(roots.values()) else {}
    return {attempt: life.take(loads.get(attempt)) for attempt, life in lives.items()}


def _loads(roots: Mapping[int, Sequence[ProcessIdentity]]) -> dict[int, Load]:
    return {attempt: load_of(each) for attempt, each in roots.items() if each}


@dataclass(slots=True, kw_only=True)
class Liveness:
    """What is known of whether a run gets on. Only the event loop touches it."""

    heard_at: datetime
    since: datetime
    tells_turns: bool = False
    """Whether the agent's protocol says when it calls its model and its tools."""
    tools: dict[str, str] = field(default_factory=dict)
    """The tool calls that run, by id."""
    asked: str | None = None
    roots: dict[int, ProcessIdentity] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    """What its processes had used at the heartbeat before."""

    def hear(self, event: AgentEvent, now: datetime) -> None:
        """Take what the agent told."""
        self.heard_at = now
        match event:
            case ToolStarted(id=call, name=name, summary=summary):
                self._turn(now)
                self.tools[call] = f"{name} {summary}".strip()[:WHAT_CHARACTERS]
            case ToolFinished(id=call):
                self._turn(now)
                self.tools.pop(call, None)
            case SessionStarted() | Used():
                self.tells_turns = True
            case ProcessStarted(pid=pid, shared=False) if identity := identify(pid):
                self.roots[pid] = identity

    def ask(self, action: Action, now: datetime) -> None:
        """Note that the gate was asked about a tool call."""
        self._turn(now)
        self.asked = f"{action.tool} {action.summary}".strip()[:WHAT_CHARACTERS]

    def answered(self, now: datetime) -> None:
        """Note that the gate has answered."""
        self._turn(now)
        self.asked = None

    def _turn(self, now: datetime) -> None:
        self.tells_turns, self.since = True, now

    def take(self, load: Load | None) -> Activity:
        """Say what it does, and what its processes have used since this was asked last."""
        turn, what = self._of_protocol()
        known = Activity(turn=turn, what=what, since=self.since, heard_at=self.heard_at)
        if load is None:
            return known
        used = max(0.0, load.cpu_seconds - self.cpu_seconds)
        self.cpu_seconds = load.cpu_seconds
        return known._replace(process_count=load.process_count, cpu_seconds=round(used, 2))

    def _of_protocol(self) -> tuple[Turn, str]:
        if self.asked is not None:
            return Turn.PERMISSION, self.asked
        running = list(self.tools.values())
        if running:
            return Turn.TOOL, running[-1]
        return (Turn.MODEL if self.tells_turns else Turn.AGENT), ""
