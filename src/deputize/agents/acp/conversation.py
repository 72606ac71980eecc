"""The calls of one run in a program that was greeted, from its session to the end of its turn."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize.agents.acp.names import name_in, session_in
from deputize.agents.acp.narration import Narrator
from deputize.agents.acp.opening import ASKING_MODES, Abilities, mode_in, option_in
from deputize.agents.acp.permission import CANCELLED, action_in, answer_to, call_in
from deputize.agents.acp.turn import Turn
from deputize.agents.base import Emit, Gate, Job, Noted, Report, SessionStarted
from deputize.agents.jsonl import Json, as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from deputize.agents.acp.exchange import Line

CLOSE_SECONDS = 3.0
"""How long an agent may take to let go of a session."""
UNKNOWN = Decision(
    verdict=Verdict.DENY, rule="unknown", reason="what it is given is not known in full"
)
SUCCESSFUL = "end_turn"
EARLY = frozenset({"max_tokens", "max_turn_requests", "refusal", "cancelled", ""})
"""Why else a turn ends, as the protocol has it; any other word is an agent's own for an error."""


class Conversation:
    """One prompt to an agent, and everything it says until it is done."""

    def __init__(self, line: Line, job: Job, gate: Gate, emit: Emit) -> None:
        """Begin to listen to what comes by `line`."""
        self._line = line
        self._job = job
        self._gate = gate
        self._emit = emit
        self._narrator = Narrator()
        self._is_history = True
        self._asks: bool | None = None
        self._is_unclear = False
        """Whether the agent has a session, or may have one, that we don't hold."""
        self._session: str | None = None
        self._turn: Turn | None = None
        self._failure: Exception | None = None
        line.listen(self)

    async def hold(self, able: Abilities) -> Report:
        """Do everything; raises AgentError where the agent refuses or is gone."""
        session = await self._open_session(able)
        self._emit(SessionStarted(token=session, asks=self._asks))
        self._narrator = Narrator(self._narrator.paid, self._job.answer_characters)
        self._is_history = False
        self._turn = Turn(self._line, session, able.version)
        end = await self._turn.take(self._job.said)
        if self._failure is not None:
            raise self._failure
        if used := self._narrator.used(end, self._job.model):
            self._emit(used)
        return self._report(as_text(end.get("stopReason")))

    async def leave(self, able: Abilities) -> bool:
        """Let go of the session in a program that goes on; tell whether nothing is left of it.

        From now on nothing is heard of it, and whatever it still asks for is refused.
        """
        self._line.withdraw()
        self._line.let_go()
        is_clear = not self._is_unclear and (self._turn is None or self._turn.is_over)
        if self._session is None or self._line.gone.is_set():
            return is_clear and not self._line.gone.is_set()
        if not able.closes:
            return is_clear
        with anyio.move_on_after(CLOSE_SECONDS, shield=True), suppress(AgentError):
            await self._line.request("session/close", {"sessionId": self._session})
            return is_clear
        return False

    async def _open_session(self, able: Abilities) -> str:
        """Take up the job's session where the agent can, else begin a new one."""
        place: Json = {"cwd": str(self._job.workspace), "mcpServers": []}
        if self._job.session and await self._resumed(self._job.session, able.resumes_by, place):
            return self._job.session
        self._job = replace(self._job, session=None)
        opened = await self._opened("session/new", place)
        session = session_in(opened)
        # What was said of it before is history: nothing of that is told, so that none is missed.
        self._line.hold(session)
        self._session, self._is_unclear = session, False
        await self._settle(session, opened)
        return session

    async def _opened(self, method: str, params: Json) -> Json:
        """Have the agent open a session; where that breaks off, nobody knows whether it has."""
        self._is_unclear = True
        try:
            return await self._line.request(method, params)
        except AgentError:
            self._is_unclear = False
            raise

    async def _resumed(self, session: str, method: str | None, place: Json) -> bool:
        problem = "this agent can't resume sessions"
        if method is not None:
            self._line.hold(session)
            try:
                opened = await self._opened(method, {**place, "sessionId": session})
            except AgentError as exc:
                if exc.outcome == Outcome.AGENT_CRASHED:
                    raise
                problem = exc.message
            else:
                self._session, self._is_unclear = session, False
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
            await self._line.request(*modes.call(session, mode))
        if self._job.model is not None:
            await self._choose_model(session, opened, self._job.model)

    async def _choose_model(self, session: str, opened: Json, model: str) -> None:
        models = option_in(opened, "model")
        if models and model in models.values:
            await self._line.request(*models.call(session, model))
            return
        self._emit(
            Noted(text=f"this agent can't be told to use the model {model}; it uses its own")
        )

    def hear(self, update: Json) -> None:
        """Take an update of the session."""
        for event in self._narrator.hear(update):
            if not self._is_history:
                self._emit(event)
        if self._turn is not None:
            self._turn.hear(update)

    async def decide(self, params: Json) -> Json:
        """Put a request for permission to the gate, and answer it."""
        asked = call_in(params)
        identifier = name_in(asked, "toolCallId")
        call = self._narrator.calls.get(identifier)
        known = call.told if call else {}
        name = call.name if call else as_text(asked.get("kind")) or "other"
        try:
            is_whole = call is None or not call.is_cut or asked.get("rawInput") is not None
            decision = await self._gate(action_in(asked, known, name)) if is_whole else UNKNOWN
        except Exception as exc:  # noqa: BLE001 - kept for `hold`, which raises it: nothing passes unasked
            self._failure = exc
            if self._turn is not None:
                self._turn.stop()
            return CANCELLED
        if decision.verdict is not Verdict.ALLOW:
            self._narrator.calls.refuse(identifier)
            self._emit(Noted(text=f"refused {name}: {decision.reason} ({decision.rule})"))
        return answer_to(params, decision)

    def _report(self, reason: str) -> Report:
        answer = self._narrator.answer
        if error := self._narrator.error:
            raise AgentError(Outcome.AGENT_ERROR, error)
        if reason == SUCCESSFUL:
            return Report(outcome=Outcome.SUCCEEDED, answer=answer)
        if reason == "cancelled" and self._narrator.calls.has_refused:
            error = "the agent stopped because a tool call was refused"
            return Report(outcome=Outcome.POLICY_DENIED, answer=answer, error=error)
        if reason not in EARLY:
            raise AgentError(Outcome.AGENT_ERROR, answer or f"the agent stopped early: {reason}")
        error = f"the agent stopped early: {reason or 'no reason given'}"
        return Report(outcome=Outcome.AGENT_ERROR, answer=answer, error=error)
