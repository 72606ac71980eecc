"""A program of the Agent Client Protocol that outlives the attempt for which it was started."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize import log
from deputize.agents.acp.hearing import Hearing, heard
from deputize.agents.crash import crashed
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command, Program, started
from deputize.workspace.processes.shared import end_all_but, end_attempt_in, megabytes_of
from deputize.workspace.processes.tree import find_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anyio.abc import TaskStatus

    from deputize.agents.acp.exchange import Line
    from deputize.agents.acp.opening import Abilities
    from deputize.agents.base import Report
    from deputize.clock import Clock
    from deputize.workspace.processes.identity import ProcessIdentity


class Hosted:
    """A program with several sessions; a client of a pool, which hosts `serve`."""

    able: Abilities
    """What it says of itself; there once it is served."""

    def __init__(self, command: Command, version: int) -> None:
        """Prepare to start `command` and to offer it a version of the protocol."""
        self._command = command
        self._version = version
        self._program: Program | None = None
        self._hearing: Hearing | None = None
        self._own: frozenset[ProcessIdentity] = frozenset()
        self._problem: Exception | None = None
        self._unwanted = anyio.Event()
        self._ended = anyio.Event()

    async def serve(self, begun: TaskStatus[None]) -> None:
        """Start it, and end it once nobody wants it any more or it is gone by itself.

        Raises what keeps it from being greeted or ended.
        """
        log.unbind("task", "attempt")
        try:
            await self._serve(begun)
        except Exception as exc:
            self._problem = exc
            raise
        finally:
            self._ended.set()

    async def _serve(self, begun: TaskStatus[None]) -> None:
        # What it writes on its error output, and what is no message, is of no one session.
        async with (
            started(self._command) as self._program,
            heard(self._program, lambda _: None) as self._hearing,
        ):
            self.able = await self._hearing.greet(self._version)
            own = await to_thread.run_sync(find_tree, self._program.marker)
            self._own = frozenset(own)
            begun.started()
            await self._until_over(self._hearing)

    async def _until_over(self, hearing: Hearing) -> None:
        async with anyio.create_task_group() as waiting:

            async def wait(event: anyio.Event) -> None:
                await event.wait()
                waiting.cancel_scope.cancel()

            waiting.start_soon(wait, self._unwanted)
            waiting.start_soon(wait, hearing.exchange.peer.gone)

    @property
    def was_started(self) -> bool:
        """Tell whether there was a process at all."""
        return self._program is not None

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._running().identity.pid

    @property
    def has_ended(self) -> bool:
        """Tell whether it is gone, or doesn't speak any more."""
        hearing = self._hearing
        return hearing is None or hearing.exited.is_set() or hearing.exchange.peer.gone.is_set()

    def line(self) -> Line:
        """Return a line to it for one conversation."""
        if self._hearing is None:
            raise _gone()
        return self._hearing.exchange.line()

    async def end_strays(self, folder: Path) -> None:
        """End what was started for the attempt that works in `folder`; raises ProcessError."""
        program = self._running()
        # The protocol has no environment for each session, so that nothing bears an attempt's mark.
        told = (program.identity, program.marker, "", folder)
        await _aside(partial(end_attempt_in, *told, spared=self._own))

    async def settle(self) -> None:
        """See `pool.Client.settle`."""
        program = self._running()
        await _aside(partial(end_all_but, program.identity, program.marker, spared=self._own))

    def megabytes(self) -> float:
        """See `pool.Client.megabytes`."""
        return sum(map(megabytes_of, {self._running().identity, *self._own}))

    async def close(self) -> None:
        """End it with everything that it started; raises ProcessError if that can't be done."""
        self._unwanted.set()
        await self._ended.wait()
        if isinstance(self._problem, ProcessError):
            raise self._problem

    async def crashed(self, clock: Clock) -> Report:
        """Tell how it ended, to one of those who spoke with it; raises as `close`."""
        await self.close()
        last = [] if self._hearing is None else self._hearing.lines.last
        return crashed(self._running().ending(), last, clock.now())

    def _running(self) -> Program:
        if self._program is None:
            raise _gone()
        return self._program


async def _aside(work: Callable[[], None]) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(work)


def _gone() -> AgentError:
    return AgentError(Outcome.AGENT_CRASHED, "the agent's program is not there")
