"""GitHub Copilot as an agent: one runtime, one session, one prompt."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from anyio import to_thread

from deputize.agents.base import Found, Report
from deputize.agents.copilot.find import find_copilot
from deputize.agents.failures import failure_of
from deputize.clock import SystemClock
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from deputize.agents.base import Emit, Gate, Job, Probed
    from deputize.agents.pool.pool import Pool
    from deputize.clock import Clock

PATIENCE_SECONDS = 20.0
"""How long the runtime may try again by itself when the provider has set a limit."""
LOG_VARIABLE = "COPILOT_LOG_LEVEL"
LOG_LEVELS = ("none", "error", "warning", "info", "debug", "all")


class CopilotAgent:
    """GitHub Copilot, with a login of GitHub or with one's own provider."""

    def __init__(
        self,
        name: str = "copilot",
        *,
        path: str | None = None,
        variables: Mapping[str, str] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Clock | None = None,
        pool: Pool | None = None,
    ) -> None:
        """Use the runtime at `path`, else the one that is found as `variables` say (ours).

        With a `pool`, jobs that nothing contains share the runtimes in it.
        """
        self.pool = pool
        self.name = name
        self._path = path
        self._variables = os.environ if variables is None else variables
        self._patience_seconds = patience_seconds
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look for the runtime."""
        return find_copilot(self._path, self._variables)

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:
        """See one prompt through; see `Agent.run`."""
        found = self.find()
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        try:
            log_level = log_level_of(self._variables)
        except AgentError as exc:
            return report_of(exc, self._clock.now())
        see_through = await self._way(job)
        try:
            return await see_through(
                found.path,
                job,
                gate,
                emit,
                log_level=log_level,
                patience_seconds=self._patience_seconds,
                clock=self._clock,
            )
        except AgentError as exc:
            return report_of(exc, self._clock.now())

    async def _way(self, job: Job) -> Callable[..., Awaitable[Report]]:
        """Return what sees a job through: in a runtime of its own, or in one of the pool."""
        # Loading the SDK takes a second, in which leases must be renewed: not in this thread.
        if self.pool is not None and not job.launcher:
            shared = await to_thread.run_sync(import_module, "deputize.agents.copilot.shared")
            return shared.Sharing(self.pool).run  # type: ignore[no-any-return]
        alone = await to_thread.run_sync(import_module, "deputize.agents.copilot.run")
        return alone.run  # type: ignore[no-any-return]

    async def probe(self, job: Job, tell: Callable[[Probed], None]) -> None:
        """Ask the runtime before any session; see `Probing.probe`."""
        found = self.find()
        if found.path is None:
            raise AgentError(Outcome.AGENT_MISSING, found.problem or "", hint=found.hint)
        loaded = await to_thread.run_sync(import_module, "deputize.agents.copilot.probe")
        await loaded.probe(found.path, job, tell, log_level=log_level_of(self._variables))


def report_of(error: AgentError, now: datetime) -> Report:
    """Tell what an error amounts to; what the runtime says of its model is read from its words."""
    if error.outcome != Outcome.AGENT_ERROR:
        return Report(outcome=Outcome(error.outcome), error=error.message)
    failure = failure_of(text=error.message, now=now)
    return Report(outcome=failure.outcome, error=error.message, retry_at=failure.retry_at)


def log_level_of(variables: Mapping[str, str]) -> str:
    """Return how much the runtime logs; AgentError where a variable says what it doesn't know."""
    level = variables.get(LOG_VARIABLE) or "info"
    if level not in LOG_LEVELS:
        message = f"{LOG_VARIABLE} must be one of {', '.join(LOG_LEVELS)}, not {level!r}"
        raise AgentError(Outcome.AGENT_ERROR, message)
    return level
