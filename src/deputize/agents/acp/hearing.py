"""A program that is spoken with, and watched meanwhile."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from deputize.agents.acp.exchange import Exchange
from deputize.agents.acp.opening import Abilities, abilities_in, greeting
from deputize.agents.jsonl import Json, Pipe
from deputize.agents.output import Lines
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from deputize.workspace.processes.program import Program

HANDSHAKE_SECONDS = 60.0
LAST_WORDS_SECONDS = 0.5
"""How long what an ended program has said may still be on its way."""
LEAVE_SECONDS = 2.0
"""How long a program has to leave by itself when its input ends."""


class Hearing:
    """A program at the other end of an exchange, and its errors."""

    def __init__(self, program: Program, note: Callable[[str], None]) -> None:
        """Tell `note` what is no message, and what it writes on its error output."""
        self._program = program
        self._note = note
        self.exited = anyio.Event()
        """Set once its first process has ended."""
        self.lines = Lines()
        """Its error output."""
        self.exchange = Exchange(Pipe(program, note))

    async def greet(self, version: int) -> Abilities:
        """Offer it a version of the protocol; raises AgentError where it refuses or is gone."""
        answer: Json | None = None
        with anyio.move_on_after(HANDSHAKE_SECONDS):
            answer = await self.exchange.peer.request("initialize", greeting(version))
        if answer is None:
            raise AgentError(
                Outcome.AGENT_ERROR, f"no answer to `initialize` within {HANDSHAKE_SECONDS:g} s"
            )
        return abilities_in(answer)

    async def hear_errors(self) -> None:
        """Tell what it writes on its error output."""
        more = True
        while more:
            content = await self._program.read("stderr")
            more = bool(content)
            for line in self.lines.feed(content):
                self._note(line)

    async def close_when_gone(self) -> None:
        """Let whoever waits for an answer know that none will come."""
        await self._program.exited()
        self.exited.set()
        await anyio.sleep(LAST_WORDS_SECONDS)
        await self.exchange.peer.close()

    async def leave(self) -> None:
        """Give the program a moment to write its sessions down."""
        self._program.close_input()
        with anyio.move_on_after(LEAVE_SECONDS):
            await self.exited.wait()


@asynccontextmanager
async def heard(program: Program, note: Callable[[str], None]) -> AsyncIterator[Hearing]:
    """Listen to a program within the block, and let it leave by itself afterwards."""
    hearing = Hearing(program, note)
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hearing.hear_errors)
        tasks.start_soon(hearing.close_when_gone)
        try:
            yield hearing
        except Exception as exc:  # noqa: BLE001 - raised below, outside of the group
            failure = exc
        finally:
            with anyio.CancelScope(shield=True):
                await hearing.exchange.peer.close()
        await hearing.leave()
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
