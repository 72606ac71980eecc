"""Any program as an agent: how it is called and what its words mean is described in settings.

Its tool calls are not seen, so they can't be put to the gate; what it may reach is up to the
sandbox, and what it left behind is judged as any agent's work.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.lowlevel
from anyio import to_thread

from deputize.agents.base import Noted, Report
from deputize.agents.command.files import folder_for, read_output, tidied
from deputize.agents.command.hearing import Hearing
from deputize.agents.command.launch import SESSION, launch_of, places_in
from deputize.agents.command.patterns import told_in
from deputize.agents.command.program import HINT, UNLIMITED_BYTES, found_on_path
from deputize.agents.command.version import version_of
from deputize.agents.failures import failure_of, reset_in
from deputize.clock import SystemClock
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.run import Limits, run

if TYPE_CHECKING:
    from deputize.agents.base import Emit, Found, Gate, Job
    from deputize.clock import Clock
    from deputize.model.agent import AgentSettings


class CommandAgent:
    """An agent that is any program."""

    def __init__(self, name: str, settings: AgentSettings, clock: Clock | None = None) -> None:
        """Run what `settings` describe; `path` in them takes the place of the command's program."""
        if settings.path is not None:
            program = str(Path(settings.path).expanduser())
            settings = settings._replace(command=(program, *settings.command[1:]))
        self.name = name
        self._settings = settings
        self._success = frozenset(settings.success or (0,))
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look the program up; where its version isn't asked for, it is not started."""
        install = self._settings.install
        hint = HINT if install is None else f"{install}; {HINT.removeprefix('install it, or ')}"
        found = found_on_path(self._settings.command, os.environ, hint=hint)
        if found.path is None or not self._settings.version:
            return found
        return replace(found, version=version_of(found.path, self._settings.version))

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:  # noqa: ARG002 - nothing to ask about
        """Run the program; see `Agent.run`."""
        environment = {**job.environment, **job.secrets}
        found = found_on_path(self._settings.command, environment, job.workspace)
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        if not self._settings.resume_arguments:
            job = replace(job, session=None)
        elif job.session is not None and not SESSION.fullmatch(job.session):
            job = _without_session(job, emit)
        try:
            async with tidied(job.workspace, self._settings.litter):
                return await self._in_a_session(job, emit)
        except AgentError as exc:
            return Report(outcome=Outcome(exc.outcome), error=exc.message)
        except OSError as exc:
            return Report(outcome=Outcome.AGENT_ERROR, error=f"its files can't be made: {exc}")

    async def _in_a_session(self, job: Job, emit: Emit) -> Report:
        """Go on in the job's session where it is there, else begin one."""
        hearing = Hearing(emit, self._settings, job)
        report = await self._in_a_folder(job, hearing)
        if job.session is None or not self._has_lost(report, hearing, job):
            return report
        job = _without_session(job, emit)
        return await self._in_a_folder(job, Hearing(emit, self._settings, job))

    async def _in_a_folder(self, job: Job, hearing: Hearing) -> Report:
        """Run the program once, with files that only this run has."""
        job = replace(job, prompt=job.said)
        has_file = "prompt_file" in places_in(self._settings)
        async with folder_for(job, prompt=has_file) as folder:
            return await self._run(job, folder, hearing)

    async def _run(self, job: Job, folder: Path, hearing: Hearing) -> Report:
        launch = launch_of(self._settings, job, folder)
        command = Command(
            argv=launch.argv,
            cwd=job.workspace,
            env=launch.environment,
            launcher=job.launcher,
        )
        limits = Limits(output_limit_bytes=UNLIMITED_BYTES)
        try:
            finished = await run(
                command, limits, hearing.hear, stdin=launch.stdin, on_started=hearing.started
            )
        except ProcessError as exc:
            if hearing.has_started:
                raise
            return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)
        hearing.end()
        if hearing.reads_file:
            for _ in hearing.hear_file(*await to_thread.run_sync(read_output, folder)):
                await anyio.lowlevel.checkpoint()
        # Its words may be many: they are looked through where that keeps nobody else waiting.
        report = await to_thread.run_sync(lambda: self._judged(hearing.report(finished), hearing))
        if report.outcome is not Outcome.RATE_LIMITED or report.retry_at is not None:
            return report
        return replace(report, retry_at=reset_in(report.error or "", self._clock.now()))

    def _judged(self, report: Report, hearing: Hearing) -> Report:
        """Hold an end that was no signal against what this program means by codes and words."""
        is_mapped = str(report.exit_code) in self._settings.exit_codes
        if not is_mapped and report.outcome not in {Outcome.SUCCEEDED, Outcome.AGENT_ERROR}:
            return report
        patterns = self._settings.patterns
        if told := told_in(hearing.last_lines(), patterns, self._clock.now()):
            failure, line = told
            return replace(report, outcome=failure.outcome, error=line, retry_at=failure.retry_at)
        if hearing.error is not None:
            return self._failed(report, hearing.error, is_mapped=is_mapped)
        if is_mapped:
            return report
        if report.exit_code in self._success:
            return replace(report, outcome=Outcome.SUCCEEDED, error=None)
        error = report.error or f"the program ended with exit code {report.exit_code}"
        return replace(report, outcome=Outcome.AGENT_ERROR, error=error)

    def _failed(self, report: Report, error: str, *, is_mapped: bool) -> Report:
        """Tell what it amounts to that a program says what went wrong."""
        failure = failure_of(text=error, now=self._clock.now())
        if is_mapped and failure.outcome is Outcome.AGENT_ERROR:
            return replace(report, error=error)
        return replace(report, outcome=failure.outcome, error=error, retry_at=failure.retry_at)

    def _has_lost(self, report: Report, hearing: Hearing, job: Job) -> bool:
        """Tell whether it failed for want of the session that it was to go on in."""
        if report.outcome is Outcome.SUCCEEDED:
            # It did what it was told, in another one: that matters where it wasn't told all.
            return job.short_prompt is not None and hearing.session not in {None, job.session}
        return any(
            re.search(expression, line)
            for expression in self._settings.lost_session
            for line in hearing.last_lines()
        )


def _without_session(job: Job, emit: Emit) -> Job:
    emit(Noted(text=f"a new session is begun: {(job.session or '')[:100]} can't be resumed"))
    return replace(job, session=None)
