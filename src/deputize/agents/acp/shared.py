"""One prompt to a program of the Agent Client Protocol that serves several attempts at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from deputize.agents.acp.alone import refused
from deputize.agents.acp.conversation import Conversation
from deputize.agents.acp.hosted import Hosted
from deputize.agents.base import Noted, ProcessStarted, Report
from deputize.agents.pool.key import common, digest, version_of
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from deputize.agents.base import Emit, Gate, Job
    from deputize.agents.pool.pool import Loan, Pool
    from deputize.clock import Clock
    from deputize.workspace.processes.program import Command

WAITS = "it waits until one of the programs that others use is free to go"
FOLDER = "programs"
"""Where shared programs are started: nothing of an attempt, or of what agents write, is there."""


class Sharing:
    """The programs of a pool, as jobs are given to them."""

    def __init__(self, pool: Pool) -> None:
        """Use the programs of `pool`."""
        self._pool = pool

    async def run(
        self, command: Command, job: Job, gate: Gate, emit: Emit, *, version: int, clock: Clock
    ) -> Report:
        """Hold a conversation with a program that others speak with too, and leave nothing in it.

        Raises ProcessError where what it started there can't be ended.
        """
        command = self._for_all(command)
        used = Hosted(command, version)
        try:
            async with self._pool.lent(
                key_of(command, version, job.model),
                partial(self._started, used),
                waits=lambda: emit(Noted(text=WAITS)),
            ) as loan:
                used = loan.client
                emit(ProcessStarted(pid=used.pid, shared=True))
                return await _converse(loan, job, gate, emit)
        except AgentError as exc:
            if exc.outcome == Outcome.AGENT_CRASHED:
                return await used.crashed(clock)
            return refused(exc, clock.now())
        except ProcessError as exc:
            if used.was_started:
                raise
            return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)

    async def _started(self, program: Hosted) -> Hosted:
        await self._pool.host(program.serve)
        return program

    def _for_all(self, command: Command) -> Command:
        """Say how a program is started of which nothing belongs to one attempt."""
        folder = (self._pool.folder or Path(tempfile.gettempdir())) / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = common(command.env, self._pool.mark)
        return replace(command, cwd=folder, env=environment, launcher=())


async def _converse(loan: Loan[Hosted], job: Job, gate: Gate, emit: Emit) -> Report:
    conversation = Conversation(loan.client.line(), job, gate, emit)
    try:
        return await conversation.hold(loan.client.able)
    finally:
        await _let_go(loan, conversation, job.workspace)


async def _let_go(loan: Loan[Hosted], conversation: Conversation, folder: Path) -> None:
    """End the session and what it has started; where that can't be done nobody else joins."""
    loan.tainted = True
    with anyio.CancelScope(shield=True):
        has_left = await conversation.leave(loan.client.able)
        await loan.client.end_strays(folder)
    loan.tainted = not has_left


def key_of(command: Command, version: int, model: str | None = None) -> str:
    """Return what tells programs apart: a digest of all that one was started with.

    A model is chosen for a session, but no word of the protocol keeps a program from taking it for
    all: attempts with another one are given another program.
    """
    path = command.env.get("PATH", os.defpath)
    program = shutil.which(command.argv[0], path=path) or command.argv[0]
    # What is run may be a script that an argument names.
    files = (program, *(each for each in command.argv[1:] if each.startswith(os.sep)))
    return digest(
        (command.argv, program, [version_of(each) for each in files], str(command.cwd), version),
        sorted(command.env.items()),
        model,
    )
