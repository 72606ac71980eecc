"""The calls of one run, from `initialize` to the answer of `session/prompt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from deputize.agents.acp.narration import Narrator
from deputize.agents.acp.permission import CANCELLED, action_in, answer_to
from deputize.agents.acp.wire import PROTOCOL_VERSION, Peer
from deputize.agents.base import Emit, Gate, Job, Noted, Report, SessionStarted
from deputize.agents.jsonl import Json, Pipe, as_list, as_object, as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict

if TYPE_CHECKING:
    from deputize.workspace.processes.program import Program

HANDSHAKE_SECONDS = 60.0
CANCEL_SECONDS = 3.0
"""How long an agent may take to stop its tools when it is cancelled."""
ASKING_MODES = ("approve", "ask", "default")
"""Ids of modes in which agents ask before each tool call, the strictest first."""
SUCCESSFUL = "end_turn"


class Conversation:
    """One prompt to an agent, and everything it says until it is done."""

    def __init__(self, program: Program, job: Job, gate: Gate, emit: Emit) -> None:
        """Begin to listen to `program`."""
        self._job = job
        self._gate = gate
        self._emit = emit
        self._narrator = Narrator()
        self._is_history = True
        self._can_load = self._can_resume = False
        self._asks: bool | None = None
        self._failure: Exception | None = None
        self._failed = anyio.Event()
        pipe = Pipe(program, lambda line: emit(Noted(text=line)))
        self.peer = Peer(pipe, self._answer, self._hear)

    async def hold(self) -> Report:
        """Do everything; raises AgentError where the agent refuses or is gone."""
        await self._greet()
        session = await self._open_session()
        self._emit(SessionStarted(token=session, asks=self._asks))
        self._narrator = Narrator(paid_before=self._narrator.paid)
        self._is_history = False
        response = await self._prompt(session)
        if self._failure is not None:
            raise self._failure
        if used := self._narrator.used(response, self._job.model):
            self._emit(used)
        return self._report(as_text(response.get("stopReason")))

    async def _greet(self) -> None:
        params: Json = {
            "protocolVersion": PROTOCOL_VERSION,
            "clientCapabilities": {
                "fs": {"readTextFile": False, "writeTextFile": False},
                "terminal": False,
            },
            "clientInfo": {"name": "deputize", "title": "deputize", "version": "1"},
        }
        answer: Json | None = None
        with anyio.move_on_after(HANDSHAKE_SECONDS):
            answer = await self.peer.request("initialize", params)
        if answer is None:
            raise AgentError(
                Outcome.AGENT_ERROR, f"no answer to `initialize` within {HANDSHAKE_SECONDS:g} s"
            )
        if answer.get("protocolVersion") != PROTOCOL_VERSION:
            spoken = answer.get("protocolVersion")
            message = f"it speaks protocol version {spoken}, we speak {PROTOCOL_VERSION}"
            raise AgentError(Outcome.AGENT_ERROR, message)
        able = as_object(answer.get("agentCapabilities"))
        self._can_load = able.get("loadSession") is True
        self._can_resume = "resume" in as_object(able.get("sessionCapabilities"))

    async def _open_session(self) -> str:
        """Take up the job's session where the agent can, else begin a new one."""
        place: Json = {"cwd": str(self._job.workspace), "mcpServers": []}
        if self._job.session and await self._resumed(self._job.session, place):
            return self._job.session
        opened = await self.peer.request("session/new", place)
        session = as_text(opened.get("sessionId"))
        if not session:
            raise AgentError(Outcome.AGENT_ERROR, "the agent began a session without an id")
        await self._settle(session, opened)
        return session

    async def _resumed(self, session: str, place: Json) -> bool:
        method = "session/resume" if self._can_resume else "session/load"
        problem = "this agent can't resume sessions"
        if self._can_resume or self._can_load:
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
        modes = as_object(opened.get("modes"))
        offered = [as_text(as_object(m).get("id")) for m in as_list(modes.get("availableModes"))]
        mode = next((mode for mode in ASKING_MODES if mode in offered), None)
        # Another agent may ask as well, in a mode whose name doesn't say so.
        self._asks = None if mode is None else True
        if mode is not None and mode != modes.get("currentModeId"):
            await self.peer.request("session/set_mode", {"sessionId": session, "modeId": mode})
        if self._job.model is not None:
            await self._choose_model(session, opened, self._job.model)

    async def _choose_model(self, session: str, opened: Json, model: str) -> None:
        for option in map(as_object, as_list(opened.get("configOptions"))):
            values = [as_object(value).get("value") for value in as_list(option.get("options"))]
            if "model" in (option.get("id"), option.get("category")) and model in values:
                params: Json = {"sessionId": session, "configId": option.get("id"), "value": model}
                await self.peer.request("session/set_config_option", params)
                return
        self._emit(
            Noted(text=f"this agent can't be told to use the model {model}; it uses its own")
        )

    async def _prompt(self, session: str) -> Json:
        """Give the prompt; where that is cancelled, have the agent stop its tools first."""
        answers: list[Json | AgentError] = []
        answered = anyio.Event()
        asking = anyio.CancelScope(shield=True)

        async def ask() -> None:
            prompt = [{"type": "text", "text": self._job.prompt}]
            with asking:
                try:
                    params: Json = {"sessionId": session, "prompt": prompt}
                    answers.append(await self.peer.request("session/prompt", params))
                except AgentError as exc:
                    answers.append(exc)
                answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(self._stop_on_failure, session)
            try:
                await answered.wait()
            finally:
                if not answered.is_set():
                    await self._cancel(session, answered)
                asking.cancel()
                tasks.cancel_scope.cancel()
        return _given(answers)

    async def _stop_on_failure(self, session: str) -> None:
        await self._failed.wait()
        await self.peer.notify("session/cancel", {"sessionId": session})

    async def _cancel(self, session: str, answered: anyio.Event) -> None:
        with anyio.move_on_after(CANCEL_SECONDS, shield=True):
            await self.peer.notify("session/cancel", {"sessionId": session})
            await answered.wait()

    def _hear(self, method: str, params: Json) -> None:
        if method != "session/update":
            return
        for event in self._narrator.hear(as_object(params.get("update"))):
            if not self._is_history:
                self._emit(event)

    async def _answer(self, method: str, params: Json) -> Json:
        if method != "session/request_permission":
            raise LookupError(method)
        identifier = as_text(as_object(params.get("toolCall")).get("toolCallId"))
        call = self._narrator.call(identifier)
        known = call.told if call else {}
        asked = as_object(params.get("toolCall"))
        name = call.name if call else as_text(asked.get("kind")) or "other"
        try:
            decision = await self._gate(action_in(params, known, name))
        except Exception as exc:  # noqa: BLE001 - kept for `hold`, which raises it: nothing passes unasked
            self._failure = exc
            self._failed.set()
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
        error = f"the agent stopped early: {reason or 'no reason given'}"
        return Report(outcome=Outcome.AGENT_ERROR, answer=answer, error=error)


def _given(answers: list[Json | AgentError]) -> Json:
    if not answers:
        raise AgentError(Outcome.AGENT_CRASHED, "the agent was gone before it answered")
    answer = answers[0]
    if isinstance(answer, AgentError):
        raise answer
    return answer
