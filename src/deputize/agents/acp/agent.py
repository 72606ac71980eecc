"""An agent that is reached through the Agent Client Protocol."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import Found, Noted, ProcessStarted, Report
from deputize.agents.command.program import found_on_path
from deputize.agents.crash import crashed
from deputize.agents.failures import failure_of
from deputize.agents.output import Lines
from deputize.clock import SystemClock
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command, Program, started

if TYPE_CHECKING:
    from deputize.agents.acp.wire import Peer
    from deputize.agents.base import Emit, Gate, Job
    from deputize.clock import Clock

LAST_WORDS_SECONDS = 0.5
"""How long what an ended program has said may still be on its way."""
LEAVE_SECONDS = 2.0
"""How long a program has to leave by itself when its input ends."""


class AcpAgent:
    """Any agent that speaks the Agent Client Protocol over its input and output."""

    def __init__(
        self,
        name: str,
        command: tuple[str, ...],
        clock: Clock | None = None,
        *,
        version: int = 1,
    ) -> None:
        """Run `command`, which is offered a version of the protocol when it is started."""
        self._version = version
        self.name = name
        self.command = command
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look the program up, and the package that speaks the protocol."""
        if importlib.util.find_spec("acp") is None:
            hint = "pip install 'deputize[acp]'"
            problem = "the package agent-client-protocol is not installed"
            return Found(path=None, problem=problem, hint=hint)
        return found_on_path(self.command, os.environ)

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:
        """Hold one conversation with the program; see `Agent.run`."""
        environment = {**job.environment, **job.secrets}
        found = self.find()
        if found.path is not None:
            found = found_on_path(self.command, environment, job.workspace)
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        if job.provider is not None:
            told = f"the provider {job.provider.name} is not used: this agent chooses its own"
            emit(Noted(text=told))
        command = Command(
            argv=self.command,
            cwd=job.workspace,
            env=environment,
            contained=bool(job.containment),
        )
        return await self._run(command, job, gate, emit)

    async def _run(self, command: Command, job: Job, gate: Gate, emit: Emit) -> Report:
        program = None
        hearing = Hearing(emit, self._version)
        try:
            async with started(command) as program:
                emit(ProcessStarted(pid=program.identity.pid))
                return await hearing.hold(program, job, gate)
        except AgentError as exc:
            if program is None:
                raise
            return self._failed(exc, hearing, program)
        except ProcessError as exc:
            if program is not None:
                raise
            return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)

    def _failed(self, error: AgentError, hearing: Hearing, program: Program) -> Report:
        if error.outcome == Outcome.AGENT_CRASHED:
            return self._crashed(hearing, program)
        failure = failure_of(text=error.message, now=self._clock.now())
        return Report(outcome=failure.outcome, error=error.message, retry_at=failure.retry_at)

    def _crashed(self, hearing: Hearing, program: Program) -> Report:
        """Tell what it amounts to that the program was gone before it was done."""
        return crashed(program.ending(), hearing.lines.last, self._clock.now())


class Hearing:
    """A program that is spoken with, watched meanwhile, and its errors told."""

    def __init__(self, emit: Emit, version: int) -> None:
        """Tell everything to `emit`; the program is offered a version of the protocol."""
        self._version = version
        self._emit = emit
        self._gone = anyio.Event()
        self.lines = Lines()

    async def hold(self, program: Program, job: Job, gate: Gate) -> Report:
        """Return how the conversation ended; raises AgentError where it broke off."""
        from deputize.agents.acp.conversation import Conversation

        outcome: list[Report | Exception] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear_errors, program)
            conversation = Conversation(program, job, gate, self._emit, self._version)
            tasks.start_soon(self._close_when_gone, program, conversation.peer)
            try:
                outcome.append(await conversation.hold())
            except Exception as exc:  # noqa: BLE001 - raised below, outside of the group
                outcome.append(exc)
            finally:
                with anyio.CancelScope(shield=True):
                    await conversation.peer.close()
            await self._leave(program)
            tasks.cancel_scope.cancel()
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    async def _hear_errors(self, program: Program) -> None:
        more = True
        while more:
            content = await program.read("stderr")
            more = bool(content)
            for line in self.lines.feed(content):
                self._emit(Noted(text=line))

    async def _close_when_gone(self, program: Program, peer: Peer) -> None:
        """Let whoever waits for an answer know that none will come."""
        await program.exited()
        self._gone.set()
        await anyio.sleep(LAST_WORDS_SECONDS)
        await peer.close()

    async def _leave(self, program: Program) -> None:
        """Give the program a moment to write its session down."""
        program.close_input()
        with anyio.move_on_after(LEAVE_SECONDS):
            await self._gone.wait()
