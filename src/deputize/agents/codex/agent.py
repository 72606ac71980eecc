"""OpenAI's Codex as an agent: one `codex exec --json` for each prompt."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.agents.base import Noted, Report
from deputize.agents.codex.find import find_codex
from deputize.agents.codex.hearing import Hearing
from deputize.agents.codex.launch import launch_of
from deputize.agents.codex.told import THREAD
from deputize.clock import SystemClock
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deputize.agents.base import Emit, Found, Gate, Job
    from deputize.clock import Clock

PATIENCE_SECONDS = 20.0
"""How long the program may wait by itself for a provider's limit to end."""


class CodexAgent:
    """Codex, with the person's own login or with a provider of one's own."""

    def __init__(
        self,
        name: str = "codex",
        *,
        path: str | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        """Use the program at `path`, else the one that is found."""
        self.name = name
        self._path = path
        self._patience_seconds = patience_seconds
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look for the program."""
        return find_codex(self._path, os.environ)

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:  # noqa: ARG002 - it can't be asked
        """Give the program one prompt; see `Agent.run`. What denies is its own sandbox."""
        found = self.find()
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        if job.session is not None and not THREAD.fullmatch(job.session):
            emit(Noted(text=_begun_anew(job.session)))
            job = replace(job, session=None)
        try:
            async with _temporary(job) as temporary:
                return await self._in_a_thread(found.path, job, temporary, emit)
        except AgentError as exc:
            return Report(outcome=Outcome(exc.outcome), error=exc.message)
        except OSError as exc:
            return Report(outcome=Outcome.AGENT_ERROR, error=f"its folders can't be used: {exc}")

    async def _in_a_thread(self, program: str, job: Job, temporary: Path, emit: Emit) -> Report:
        """Take up the job's session where it is there, else begin one."""
        hearing = self._hearing(job, emit)
        report = await hearing.see_through(launch_of(program, job, temporary))
        if job.session is None or not hearing.found_no_session:
            return report
        emit(Noted(text=_begun_anew(job.session)))
        job = replace(job, session=None)
        return await self._hearing(job, emit).see_through(launch_of(program, job, temporary))

    def _hearing(self, job: Job, emit: Emit) -> Hearing:
        return Hearing(job, emit, clock=self._clock, patience_seconds=self._patience_seconds)


@asynccontextmanager
async def _temporary(job: Job) -> AsyncIterator[Path]:
    """Give a folder for the temporary files of this run; Codex gets its home where it needs one."""
    if job.provider is not None and job.state is not None:
        job.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = job.environment.get("TMPDIR") or None
    folder = tempfile.mkdtemp(prefix="deputize-codex-", dir=place)
    try:
        yield Path(folder)
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


def _begun_anew(session: str) -> str:
    return f"a new session is begun: {session[:100]} can't be resumed: Codex has no thread of it"
