"""The calls of one run, from `initialize` to the end of what the prompt asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize.agents.acp.names import name_in
from deputize.agents.acp.narration import Narrator
from deputize.agents.acp.opening import (
    ASKING_MODES,
    Abilities,
    abilities_in,
    greeting,
    mode_in,
    option_in,
)
from deputize.agents.acp.permission import CANCELLED, action_in, answer_to, call_in
from deputize.agents.acp.turn import Turn
from deputize.agents.acp.wire import Peer
from deputize.agents.base import Emit, Gate, Job, Noted, Report, SessionStarted
from deputize.agents.jsonl import Json, Pipe, as_object, as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict

if TYPE_CHECKING:
    from deputize.workspace.processes.program import Program

HANDSHAKE_SECONDS = 60.0
SUCCESSFUL = "end_turn"
EARLY = frozenset({"max_tokens", "max_turn_requests", "refusal", "cancelled", ""})
"""Why else a turn ends, as the protocol has it; any other word is an agent's own for an error."""


class Conversation:
    """One prompt to an agent, and everything it says until it is done."""

    def __init__(
        self, program: Program, job: Job, gate: Gate, emit: Emit, version: int = 1
    ) -> None:
        """Begin to listen to `program`, which is offered a version of the protocol."""
        self._job = job
        self._version = version
        self._gate = gate
        self._emit = emit
        self._narrator = Narrator()
        self._is_history = True
        self._asks: bool | None = None
        self._turn: Turn | None = None
        self._failure: Exception | None = None
        pipe = Pipe(program, lambda line: emit(Noted(text=line)))
        self.peer = Peer(pipe, self._answer, self._hear)

    async def hold(self) -> Report:
        """Do everything; raises AgentError where the agent refuses or is gone."""
        able = await self._greet()
        session = await self._open_session(able)
        self._emit(SessionStarted(token=session, asks=self._asks))
        self._narrator = Narrator(self._narrator.paid, self._job.answer_characters)
        self._is_history = False
        self._turn = Turn(self.peer, session, able.version)
        end = await self._turn.take(self._job.said)
        if self._failure is not None:
            raise self._failure
        if used := self._narrator.used(end, self._job.model):
            self._emit(used)
        return self._report(as_text(end.get("stopReason")))

    async def _greet(self) -> Abilities:
        answer: Json | None = None
        with anyio.move_on_after(HANDSHAKE_SECONDS):
            answer = await self.peer.request("initialize", greeting(self._version))
        if answer is None:
            raise AgentError(
                Outcome.AGENT_ERROR, f"no answer to `initialize` within {HANDSHAKE_SECONDS:g} s"
            )
        return abilities_in(answer)

    async def _open_session(self, able: Abilities) -> str:
        """Take up the job's session where the agent can, else begin a new one."""
        place: Json = {"cwd": str(self._job.workspace), "mcpServers": []}
        if self._job.session and await self._resumed(self._job.session, able.resumes_by, place):
            return self._job.session
        self._job = replace(self._job, session=None)
        opened = await self.peer.request("session/new", place)
        session = as_text(opened.get("sessionId"))
        if not session:
            raise AgentError(Outcome.AGENT_ERROR, "the agent began a session without an id")
        await self._settle(session, opened)
        return session

    async def _resumed(self, session: str, method: str | None, place: Json) -> bool:
        problem = "this agent can't resume sessions"
        if method is not None:
            try:
                opened = await self.peer.request(method, {**place, "sessionId": session})
            except AgentError as exc:
                if exc.outcome == Outcome.AGENT_CRASHED:
                    raise
                problem = exc.message
            else:
                await self._settle(session, opened)
                return True
        self._emit(Noted(text=f"a new session is begun: {session} can't be resumed: {problem}"))
        return False

    async def _settle(self, session: str, opened: Json) -> None:
        """Have the agent ask before its tool calls, and use the model that is wanted."""
        modes = mode_in(opened)
        mode = next((mode for mode in ASKING_MODES if modes and mode in modes.values), None)
        # Another agent may ask as well, in a mode whose name doesn't say so.
        self._asks = None if mode is None else True
        if modes and mode and mode != modes.current:
            await self.peer.request(*modes.call(session, mode))
        if self._job.model is not None:
            await self._choose_model(session, opened, self._job.model)

    async def _choose_model(self, session: str, opened: Json, model: str) -> None:
        models = option_in(opened, "model")
        if models and model in models.values:
            await self.peer.request(*models.call(session, model))
            return
        self._emit(
            Noted(text=f"this agent can't be told to use the model {model}; it uses its own")
        )

    def _hear(self, method: str, params: Json) -> None:
        if method != "session/update":
            return
        update = as_object(params.get("update"))
        for event in self._narrator.hear(update):
            if not self._is_history:
                self._emit(event)
        if self._turn is not None:
            self._turn.hear(update)

    async def _answer(self, method: str, params: Json) -> Json:
        if method != "session/request_permission":
            raise LookupError(method)
        asked = call_in(params)
        identifier = name_in(asked, "toolCallId")
        call = self._narrator.call(identifier)
        known = call.told if call else {}
        name = call.name if call else as_text(asked.get("kind")) or "other"
        try:
            decision = await self._gate(action_in(asked, known, name))
        except Exception as exc:  # noqa: BLE001 - kept for `hold`, which raises it: nothing passes unasked
            self._failure = exc
            if self._turn is not None:
                self._turn.stop()
            return CANCELLED
        if decision.verdict is not Verdict.ALLOW:
            self._narrator.refuse(identifier)
            self._emit(Noted(text=f"refused {name}: {decision.reason} ({decision.rule})"))
        return answer_to(params, decision)

    def _report(self, reason: str) -> Report:
        answer = self._narrator.answer
        if error := self._narrator.error:
            raise AgentError(Outcome.AGENT_ERROR, error)
        if reason == SUCCESSFUL:
            return Report(outcome=Outcome.SUCCEEDED, answer=answer)
        if reason == "cancelled" and self._narrator.has_refused:
            error = "the agent stopped because a tool call was refused"
            return Report(outcome=Outcome.POLICY_DENIED, answer=answer, error=error)
        if reason not in EARLY:
            raise AgentError(Outcome.AGENT_ERROR, answer or f"the agent stopped early: {reason}")
        error = f"the agent stopped early: {reason or 'no reason given'}"
        return Report(outcome=Outcome.AGENT_ERROR, answer=answer, error=error)
