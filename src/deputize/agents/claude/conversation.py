"""One prompt to Claude Code, from the first message to the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import Emit, Gate, Job, Noted
from deputize.agents.claude import control
from deputize.agents.claude.ledger import Ledger, calls_end
from deputize.agents.claude.narration import Narrator
from deputize.agents.jsonl import Json, Pipe, as_object, as_text
from deputize.agents.output import Lines
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anyio.abc import TaskGroup

    from deputize.agents.base import AgentEvent
    from deputize.model.policy import Action, Decision
    from deputize.workspace.processes.program import Program

BEGIN_SECONDS = 60.0
"""How long it may take until it answers; its first start on a machine is its slowest."""
COUNT_SECONDS = 5.0
SEND_SECONDS = 10.0
"""How long it may leave an answer unread; who reads nothing any more is found idle."""
CANCEL_SECONDS = 3.0
"""How long it may take to stop its tools when it is cancelled."""
LAST_WORDS_SECONDS = 0.5
"""How long what an ended program has said may still be on its way."""
LEAVE_SECONDS = 2.0
"""How long it has to write its session down when its input ends."""
BEGIN, COUNT, STOP = "begin", "count", "stop"
"""What we call our requests."""


class Conversation:
    """A prompt on its way, everything that is said about it, and whatever may end it."""

    def __init__(self, program: Program, job: Job, gate: Gate, emit: Emit) -> None:
        """Use a program that has just been started."""
        self._program = program
        self._job = job
        self._gate = gate
        self._emit = emit
        self._pipe = Pipe(program, lambda line: emit(Noted(text=line)))
        self._sending = anyio.Lock()
        self._is_closed = False
        # What it does after a cancellation, and how it leaves, has to be seen.
        self._listening, self._watching = (anyio.CancelScope(shield=True) for _ in range(2))
        self._answered = {name: anyio.Event() for name in (BEGIN, COUNT)}
        self._begun: Json | None = None
        self._decided: dict[str, tuple[Action, Decision]] = {}
        self._failure: Exception | None = None
        self._gone = anyio.Event()
        self._ended = anyio.Event()
        self._over = anyio.Event()
        self._ledger = Ledger()
        self.narrator = Narrator()
        self.lines = Lines()

    async def hold(self) -> Json:
        """Return the last message; raises AgentError where none came, or what the gate raised."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen, tasks)
            tasks.start_soon(self._hear_errors)
            tasks.start_soon(self._end_when_gone)
            try:
                await self._see_through()
            except AgentError as exc:
                self._failure = self._failure or exc
            finally:
                await self._leave()
                self._listening.cancel()
                self._watching.cancel()
            tasks.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure
        if self.narrator.result is None:
            raise AgentError(Outcome.AGENT_CRASHED, "the agent was gone before it was done")
        return self.narrator.result

    async def _see_through(self) -> None:
        await self._begin()
        if not self._over.is_set():
            await self._pipe.send(control.prompt_message(self._job.said))
        await self._over.wait()

    async def _begin(self) -> None:
        """Have it ask before each tool call; raises AgentError where it won't."""
        instructions = anyio.Path(self._job.workspace / control.CLAUDE_MD)
        request = control.initialize(has_instructions=await instructions.is_file())
        await self._ask(BEGIN, request)
        with anyio.move_on_after(BEGIN_SECONDS):
            await self._answered[BEGIN].wait()
        if self._over.is_set():
            return
        if self._begun is None or self._begun.get("hooks_applied") is False:
            message = "the agent did not agree to ask before its tool calls"
            raise AgentError(Outcome.AGENT_ERROR, message)
        if control.pays_by_token(self._begun):
            await self._count()
            with anyio.move_on_after(COUNT_SECONDS):
                await self._answered[COUNT].wait()

    async def _count(self) -> None:
        """Ask what the session has come to: no other message tells the cost before the last one."""
        await self._ask(COUNT, {"subtype": "get_usage", "skip_behaviors": True})

    async def _ask(self, name: str, request: Json) -> None:
        await self._send({"type": "control_request", "request_id": name, "request": request})

    async def _send(self, message: Json) -> None:
        """Send a message whole, even where that is cancelled: half of one would spoil the next."""
        with anyio.move_on_after(SEND_SECONDS, shield=True):
            async with self._sending:
                if not self._is_closed:
                    await self._pipe.send(message)

    async def _leave(self) -> None:
        """Stop what is not over by itself, and let the program go."""
        with anyio.move_on_after(CANCEL_SECONDS, shield=True):
            if not self._ended.is_set():
                await self._ask(STOP, {"subtype": "interrupt"})
                await self._ended.wait()
        with anyio.move_on_after(LEAVE_SECONDS, shield=True):
            async with self._sending:
                self._is_closed = True
                self._program.close_input()
            await self._gone.wait()

    async def _listen(self, tasks: TaskGroup) -> None:
        with self._listening:
            while (message := await self._pipe.receive()) is not None:
                self._hear(message, tasks)
            self._end()

    async def _hear_errors(self) -> None:
        more = True
        while more:
            content = await self._program.read("stderr")
            more = bool(content)
            self._tell(Noted(text=line) for line in self.lines.feed(content))

    async def _end_when_gone(self) -> None:
        """Let whoever waits know that nothing will come; a child may still hold the output."""
        with self._watching:
            await self._program.exited()
            self._gone.set()
            await anyio.sleep(LAST_WORDS_SECONDS)
            self._end()

    def _end(self) -> None:
        self._ended.set()
        self._stop()

    def _stop(self) -> None:
        for event in (*self._answered.values(), self._over):
            event.set()

    def _hear(self, message: Json, tasks: TaskGroup) -> None:
        kind = message.get("type")
        if self._ended.is_set():
            return
        if kind == "control_request":
            tasks.start_soon(self._answer, message)
        elif kind == "control_response":
            self._take(as_object(message.get("response")))
        else:
            self._tell(self.narrator.hear(message))
            self._tell(self._ledger.hear(message))
            if self._ledger.is_asked and calls_end(message):
                tasks.start_soon(self._count)
        if self.narrator.result is not None:
            self._end()

    def _tell(self, events: Iterable[AgentEvent]) -> None:
        for event in events:
            self._emit(event)

    def _take(self, response: Json) -> None:
        """Take the answer to a request of ours."""
        name, answer = as_text(response.get("request_id")), as_object(response.get("response"))
        if response.get("subtype") == "success":
            if name == BEGIN:
                self._begun = answer
            elif name == COUNT:
                used = as_object(answer.get("session")).get("model_usage")
                if isinstance(used, dict):
                    self._tell(self._ledger.answered(used))
        if name in self._answered:
            self._answered[name].set()

    async def _answer(self, message: Json) -> None:
        asked = control.asked_in(as_object(message.get("request")))
        answer = None
        if asked is not None:
            decision = await self._decide(asked.identifier, asked.action)
            if decision.verdict is not Verdict.ALLOW:
                self.narrator.refuse(asked.identifier)
                told = f"refused {asked.name}: {decision.reason} ({decision.rule})"
                self._emit(Noted(text=told))
            answer = control.answer_to(asked, decision)
        identifier = as_text(message.get("request_id"))
        try:
            await self._send(control.response(identifier, answer))
        except (ValueError, RecursionError):
            # Its own arguments, which go back with a yes, are too deep to be written again.
            await self._send(control.response(identifier, None))

    async def _decide(self, identifier: str, action: Action | None) -> Decision:
        """Ask the gate once for each call; where it fails nothing is done, and the run ends."""
        if action is None:
            return control.UNKNOWN
        known = self._decided.get(identifier)
        if known is not None and known[0] == action:
            return known[1]
        try:
            decision = await self._gate(action)
        except Exception as exc:  # noqa: BLE001 - raised by `hold`
            self._failure = self._failure or exc
            self._stop()
            return control.UNDECIDED
        self._decided[identifier] = (action, decision)
        return decision
