"""One prompt, from its being given until the agent has done what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from deputize.agents.jsonl import Json, as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.agents.acp.exchange import Line

CANCEL_SECONDS = 3.0
"""How long an agent may take to stop its tools when it is cancelled."""


class Turn:
    """The work that a prompt begins.

    In version 1 of the protocol the answer to the prompt ends it. In version 2 the answer only says
    that the prompt was taken; the work is over when the agent tells that it is idle.
    """

    def __init__(self, line: Line, session: str, version: int) -> None:
        """Speak of `session` with the agent."""
        self._line = line
        self._session: Json = {"sessionId": session}
        self._answer_ends = version == 1
        self._is_given = self._has_run = False
        self._end: Json | AgentError | None = None
        self._over = anyio.Event()
        self._unwanted = anyio.Event()

    async def take(self, prompt: str) -> Json:
        """Return what the agent says at the end; raises AgentError where it refuses or is gone.

        Where this is cancelled, the agent stops its tools first.
        """
        asking = anyio.CancelScope(shield=True)

        async def ask() -> None:
            with asking:
                try:
                    await self._ask(prompt)
                except AgentError as exc:
                    self._finish(exc)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(self._cancel_when_unwanted)
            try:
                await self._over.wait()
            finally:
                if not self._over.is_set():
                    await self._cancel()
                asking.cancel()
                tasks.cancel_scope.cancel()
        return self._given()

    def hear(self, update: Mapping[str, object]) -> None:
        """Take an update of the session: it may tell that the work is over."""
        if not self._is_given or update.get("sessionUpdate") != "state_update":
            return
        state = update.get("state")
        if state == "running":
            self._has_run = True
        elif state == "idle" and (self._has_run or as_text(update.get("stopReason"))):
            self._finish(dict(update))

    @property
    def is_over(self) -> bool:
        """Tell whether the agent has said that the work is over."""
        return self._over.is_set()

    def stop(self) -> None:
        """Have the agent stop as soon as it can."""
        self._unwanted.set()

    async def _ask(self, prompt: str) -> None:
        self._is_given = not self._answer_ends
        content = [{"type": "text", "text": prompt}]
        answer = await self._line.request("session/prompt", {**self._session, "prompt": content})
        if self._answer_ends:
            self._finish(answer)
        else:
            await self._line.gone.wait()
            self._finish(_gone())

    def _finish(self, end: Json | AgentError) -> None:
        if not self._over.is_set():
            self._end = end
            self._over.set()

    def _given(self) -> Json:
        if isinstance(self._end, AgentError):
            raise self._end
        if self._end is None:
            raise _gone()
        return self._end

    async def _cancel_when_unwanted(self) -> None:
        await self._unwanted.wait()
        await self._stop()

    async def _cancel(self) -> None:
        with anyio.move_on_after(CANCEL_SECONDS, shield=True):
            await self._stop()
            await self._over.wait()

    async def _stop(self) -> None:
        await self._line.notify("session/cancel", self._session)
        # Whoever cancels is to answer what it was asked for, too: the agent may wait for that.
        self._line.withdraw()


def _gone() -> AgentError:
    return AgentError(Outcome.AGENT_CRASHED, "the agent was gone before it answered")
