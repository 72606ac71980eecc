"""Claude Code as an agent: one program, one session, one prompt."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.agents.base import Found, Noted, ProcessStarted, Report
from deputize.agents.claude.conversation import Conversation
from deputize.agents.claude.ending import is_taken, is_unknown_session, report_of
from deputize.agents.claude.find import find_claude
from deputize.agents.claude.login import SESSION, arguments_of, environment_of
from deputize.agents.crash import crashed
from deputize.clock import SystemClock
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deputize.agents.base import Emit, Gate, Job
    from deputize.clock import Clock


class ClaudeAgent:
    """Claude Code, with a login of one's own or with a provider of Anthropic's kind."""

    def __init__(
        self, name: str = "claude", *, path: str | None = None, clock: Clock | None = None
    ) -> None:
        """Use the program at `path`, else the one that is found."""
        self.name = name
        self._path = path
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look for the program."""
        return find_claude(self._path, os.environ)

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:
        """See one prompt through; see `Agent.run`."""
        found = self.find()
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        try:
            async with _temporary(job) as temporary:
                environment = environment_of(job, temporary)
                return await self._see_through(found.path, job, environment, (gate, emit))
        except AgentError as exc:
            return Report(outcome=Outcome(exc.outcome), error=exc.message)

    async def _see_through(
        self, program: str, job: Job, environment: dict[str, str], ways: tuple[Gate, Emit]
    ) -> Report:
        """Resume the job's session, or begin it; where it is gone, begin another one."""
        session = job.session
        if session is not None and SESSION.fullmatch(session):
            for begins in (True, False) if job.begins else (False,):
                command = _command(program, job, environment, session, begins=begins)
                report = await self._run(command, job, ways)
                if report and not (begins and is_taken(report)):
                    return report
        if session is not None:
            told = f"a new session is begun: {session[:100]} can't be resumed: it is not known"
            ways[1](Noted(text=told))
            job = replace(job, session=None)
        report = await self._run(_command(program, job, environment, None), job, ways)
        return report or Report(outcome=Outcome.AGENT_ERROR, error="the agent began no session")

    async def _run(self, command: Command, job: Job, ways: tuple[Gate, Emit]) -> Report | None:
        """Return how one program of it ended; None where it knew no session to go on with."""
        program = conversation = None
        try:
            async with started(command) as program:
                ways[1](ProcessStarted(pid=program.identity.pid))
                conversation = Conversation(program, job, *ways)
                result = await conversation.hold()
        except AgentError as exc:
            if program is None or conversation is None or exc.outcome != Outcome.AGENT_CRASHED:
                raise
            return crashed(program.ending(), conversation.lines.last, self._clock.now())
        except ProcessError as exc:
            if program is not None:
                raise
            return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)
        narrator = conversation.narrator
        if narrator.session is None and is_unknown_session(result):
            return None
        return report_of(result, narrator.resets_at, self._clock.now())


def _command(
    program: str,
    job: Job,
    environment: dict[str, str],
    session: str | None,
    *,
    begins: bool = False,
) -> Command:
    return Command(
        argv=(program, *arguments_of(job, session, begins=begins)),
        cwd=job.workspace,
        env=environment,
        launcher=job.launcher,
    )


@asynccontextmanager
async def _temporary(job: Job) -> AsyncIterator[Path]:
    """Give a folder for what it leaves about, which goes when its processes have gone."""
    parent = job.environment.get("TMPDIR") or None
    try:
        folder = Path(tempfile.mkdtemp(prefix="claude-", dir=parent))
    except OSError as exc:
        message = f"no temporary folder could be made: {exc}"
        raise AgentError(Outcome.AGENT_ERROR, message) from exc
    try:
        yield folder
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))
