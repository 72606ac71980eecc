"""An agent that is reached through the Agent Client Protocol."""

from __future__ import annotations

import importlib.util
import os
from importlib import import_module
from typing import TYPE_CHECKING

from anyio import to_thread

from deputize.agents.base import Found, Noted, Report
from deputize.agents.command.program import found_on_path
from deputize.clock import SystemClock
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.agents.base import Emit, Gate, Job
    from deputize.agents.pool.pool import Pool
    from deputize.clock import Clock


class AcpAgent:
    """Any agent that speaks the Agent Client Protocol over its input and output."""

    def __init__(
        self,
        name: str,
        command: tuple[str, ...],
        clock: Clock | None = None,
        *,
        version: int = 1,
        pool: Pool | None = None,
    ) -> None:
        """Run `command`, which is offered a version of the protocol when it is started.

        With a `pool`, jobs that nothing contains share the programs in it.
        """
        self._version = version
        self.name = name
        self.command = command
        self.pool = pool
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
            launcher=job.launcher,
        )
        see_through = await self._way(job)
        return await see_through(command, job, gate, emit, version=self._version, clock=self._clock)

    async def _way(self, job: Job) -> Callable[..., Awaitable[Report]]:
        """Return what sees a job through: in a program of its own, or in one of the pool."""
        # Loading the protocol's package takes a while: not in the thread that renews leases.
        if self.pool is not None and not job.launcher and not self._is_in_workspace():
            shared = await to_thread.run_sync(import_module, "deputize.agents.acp.shared")
            return shared.Sharing(self.pool).run  # type: ignore[no-any-return]
        alone = await to_thread.run_sync(import_module, "deputize.agents.acp.alone")
        return alone.run  # type: ignore[no-any-return]

    def _is_in_workspace(self) -> bool:
        """Tell whether the program is one of the repository: then each attempt has its own."""
        program = self.command[0]
        return os.sep in program and not os.path.isabs(program)  # noqa: PTH117 - a word, no path yet
