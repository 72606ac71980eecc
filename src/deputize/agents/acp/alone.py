"""One prompt to a program of the Agent Client Protocol that is started for it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.acp.conversation import Conversation
from deputize.agents.acp.hearing import Hearing, heard
from deputize.agents.base import Noted, ProcessStarted, Report
from deputize.agents.crash import crashed
from deputize.agents.failures import failure_of
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command, Program, started

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.agents.base import Emit, Gate, Job
    from deputize.clock import Clock


async def run(
    command: Command, job: Job, gate: Gate, emit: Emit, *, version: int, clock: Clock
) -> Report:
    """Start `command`, hold one conversation with it, and end it."""
    program: Program | None = None
    hearing: Hearing | None = None
    try:
        async with (
            started(command) as program,
            heard(program, lambda line: emit(Noted(text=line))) as hearing,
        ):
            emit(ProcessStarted(pid=program.identity.pid))
            conversation = Conversation(hearing.exchange.only_line(), job, gate, emit)
            return await conversation.hold(await hearing.greet(version))
    except AgentError as exc:
        if program is None or hearing is None:
            raise
        if exc.outcome == Outcome.AGENT_CRASHED:
            return crashed(program.ending(), hearing.lines.last, clock.now())
        return refused(exc, clock.now())
    except ProcessError as exc:
        if program is not None:
            raise
        return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)


def refused(error: AgentError, now: datetime) -> Report:
    """Tell what it amounts to that an agent does not do what it is asked for."""
    failure = failure_of(text=error.message, now=now)
    return Report(outcome=failure.outcome, error=error.message, retry_at=failure.retry_at)
