"""Each tool call of an attempt in the journal: what was answered before it, and how it ended.

An answer is in the store before the agent hears it, so that a call which nobody can write down is
none. The disk keeps it a moment later: a call does not wait for that. How a call ended is written
with the attempt's other notes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import anyio

from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted
from deputize.agents.output import shown_output
from deputize.model.event import Event

if TYPE_CHECKING:
    from deputize.agents.base import AgentEvent, Job
    from deputize.model.policy import Action, Decision
    from deputize.worker.steps import Steps

SETTLE_SECONDS = 0.05
"""How long an answer may be in the store before the disk is asked to keep it."""


class Open(NamedTuple):
    """A call that has begun."""

    name: str
    what: str
    at: float


class Calls:
    """What is written of the calls of one attempt."""

    def __init__(self, steps: Steps) -> None:
        """Write by `steps`."""
        self._steps = steps
        self._session: str | None = None
        self._open: dict[str, Open] = {}
        self._jotted, self._over = anyio.Event(), anyio.Event()

    async def decided(self, action: Action, decision: Decision) -> None:
        """Write an answer down; only then may the agent hear it. Raises where that can't be."""
        await self._steps.shop.in_store(self._write, action, decision)
        self._jotted.set()

    def _write(self, action: Action, decision: Decision) -> None:
        clean = self._steps.redactor.redacted
        body = {
            "tool": action.tool,
            "name": clean(action.name),
            "what": clean(action.summary[:500]),
            "verdict": decision.verdict,
            "rule": decision.rule,
            "reason": clean(decision.reason),
            "session": self._session,
            "arguments": shown_output(action.arguments, self._steps.redactor),
        }
        self._steps.jot(Event(kind="attempt.tool_decided", actor="gate", body=body))

    def hear(self, event: AgentEvent) -> None:
        """Take what the agent tells, without secrets already."""
        match event:
            case SessionStarted(token=token):
                self._session = token
            case ToolStarted(id=call, name=name, summary=summary):
                self._open[call] = Open(name, summary, anyio.current_time())
            case ToolFinished(id=call, ok=ok, denied=denied, output=output):
                self._ended(call, event.name, ok=ok, denied=denied, output=output)

    def close(self) -> None:
        """Write down what has begun and was not heard of again; nothing more will come."""
        for call, begun in list(self._open.items()):
            self._ended(call, begun.name, ok=None, denied=False, output="")
        self._over.set()
        self._jotted.set()

    def _ended(self, call: str, name: str, *, ok: bool | None, denied: bool, output: str) -> None:
        begun = self._open.pop(call, None)
        seconds = anyio.current_time() - begun.at if begun else None
        body = {
            "call": call[:200],
            "name": name,
            "what": begun.what if begun else None,
            "ok": ok,
            "denied": denied,
            "output": output,
            "elapsed_ms": None if seconds is None else round(1000 * seconds),
            "session": self._session,
        }
        agent = self._steps.claim.task.agent
        event = Event(kind="attempt.tool_finished", actor=f"agent:{agent}", body=body)
        self._steps.tell(event)

    async def settle(self) -> None:
        """Have the disk keep each answer soon after it was given, until the run is over."""
        while not self._over.is_set():
            await self._jotted.wait()
            with anyio.move_on_after(SETTLE_SECONDS):
                await self._over.wait()
            self._jotted = anyio.Event()
            await self._steps.settle()


def prompted(agent: str, job: Job) -> Event:
    """Return what tells that an agent was given its prompt."""
    body = {
        "agent": agent,
        "prompt": job.prompt,
        "session": job.session,
        "model": job.model,
        "provider": job.provider.name if job.provider else None,
    }
    return Event(kind="attempt.prompted", actor=f"agent:{agent}", body=body)
