"""Clients that are lent to several at once: started when first needed, ended when not needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import anyio
from anyio.abc import TaskStatus

from deputize import log
from deputize.agents.pool.book import Book
from deputize.errors import DeputizeError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from anyio.abc import TaskGroup

    from deputize.agents.pool.book import Bounds


class Client(Protocol):
    """A program that serves several sessions."""

    @property
    def has_ended(self) -> bool:
        """Tell whether it is gone."""
        ...

    async def settle(self) -> None:
        """End what those have left behind whom it served, now that nobody uses it.

        Raises ProcessError where something can't be ended.
        """
        ...

    def megabytes(self) -> float:
        """Tell how much memory it holds."""
        ...

    async def close(self) -> None:
        """End it with everything that it started; raises ProcessError where that can't be done."""
        ...


C = TypeVar("C", bound=Client)
Serve = Callable[[TaskStatus[None]], Coroutine[Any, Any, None]]
"""Goes on for as long as it likes, and tells the status that it is given that it has begun."""


@dataclass(slots=True)
class Loan(Generic[C]):
    """A client as somebody has it."""

    client: C
    tainted: bool = False
    """Set by who has it, where the client is not to serve anybody who comes later."""


@dataclass(slots=True, eq=False)
class _Seat:
    """A client that is there, or about to be."""

    client: Client | None = None
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while it is started, and while it is settled: nobody works in it meanwhile."""


class Pool:
    """The clients of one worker. For one event loop."""

    def __init__(self, bounds: Bounds, *, mark: str = "pool", folder: Path | None = None) -> None:
        """Begin without any.

        `mark` is for what they start, as an attempt's mark is for what it starts; `folder` is where
        things lie that no agent may change, by default the system's folder for temporary files.
        """
        self.mark = mark
        self.folder = folder
        self._book = Book(bounds)
        self._seats: dict[int, _Seat] = {}
        self._turn = anyio.Lock()
        self._changed = anyio.Event()
        self._hosts: TaskGroup | None = None

    @asynccontextmanager
    async def lent(
        self,
        key: str,
        start: Callable[[], Awaitable[C]],
        *,
        waits: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Loan[C]]:
        """Lend the client of `key`, started by `start` where there is none.

        `key` stands for everything that it was started with: only who asks for the same shares it.
        Where there is no room for it `waits` is called, once, and it is waited for. Raises what
        `start` raises.
        """
        number = await self._take(key, waits)
        seat = self._seats[number]
        loan: Loan[C] | None = None
        try:
            async with seat.turn:
                if seat.client is None:
                    seat.client = await start()
            loan = Loan(cast("C", seat.client))
            yield loan
        finally:
            with anyio.CancelScope(shield=True):
                await self._give_back(number, tainted=loan is None or loan.tainted)

    async def _take(self, key: str, waits: Callable[[], None]) -> int:
        if has_to_wait := self._turn.locked():
            waits()
        # Whoever waits for room is the first to get it: those who came later wait behind.
        async with self._turn:
            while True:
                self._retire_ended()
                changed = self._changed
                taken = self._book.take(key)
                if taken.seat is not None:
                    self._seats.setdefault(taken.seat, _Seat())
                    return taken.seat
                if taken.evicted is not None:
                    await self._close(taken.evicted)
                    continue
                if not has_to_wait:
                    waits()
                has_to_wait = True
                await changed.wait()

    def _retire_ended(self) -> None:
        for number, seat in self._seats.items():
            if seat.client is not None and seat.client.has_ended:
                self._book.retire(number)

    async def _give_back(self, number: int, *, tainted: bool) -> None:
        seat = self._seats[number]
        megabytes = 0.0
        async with seat.turn:
            if tainted or seat.client is None or seat.client.has_ended:
                self._book.retire(number)
            else:
                if self._book.is_last(number):
                    await self._settle(number, seat.client)
                megabytes = seat.client.megabytes()
        if self._book.leave(number, megabytes, anyio.current_time()):
            await self._close(number)
        self._tell()

    async def _settle(self, number: int, client: Client) -> None:
        try:
            await client.settle()
        except (DeputizeError, OSError) as error:
            log.get("pool").error("something was left of a session", error=str(error))
            self._book.retire(number)

    async def _close(self, number: int) -> None:
        client = self._seats.pop(number).client
        with anyio.CancelScope(shield=True):
            try:
                if client is not None:
                    await client.close()
            except (DeputizeError, OSError) as error:
                log.get("pool").error("an agent's program could not be ended", error=str(error))
            finally:
                self._book.closed(number)
                self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def host(self, serve: Serve) -> None:
        """Have `serve` go on beside those who come and go; return once it says that it has begun.

        It says so by the `task_status` that it is given. Until then it goes with whoever asked for
        it, and what it raises is raised here; from then on it belongs to the pool, and what it
        raises is noted, and brings nobody down. Raises InvalidInput where nobody tends the pool.
        """
        if self._hosts is None:
            raise InvalidInput("nobody tends the pool of agents")
        await self._hosts.start(_hosted, serve)

    async def tend(self) -> None:
        """End those that nobody has used for too long, for ever, and hold what is hosted."""
        async with anyio.create_task_group() as hosts:
            self._hosts = hosts
            try:
                await self._end_overdue()
            finally:
                self._hosts = None

    async def _end_overdue(self) -> None:
        while True:
            for number in self._book.overdue(anyio.current_time()):
                await self._close(number)
            due, changed = self._book.next_due(), self._changed
            with anyio.CancelScope(deadline=math.inf if due is None else due):
                await changed.wait()

    async def drain(self) -> None:
        """Lend nothing any more and end what nobody uses; what is used, as it comes back."""
        for number in self._book.drain():
            await self._close(number)


@dataclass(slots=True)
class _Begun(TaskStatus[None]):
    """Remembers whether it was told."""

    status: TaskStatus[None]
    is_told: bool = False

    def started(self, value: None = None) -> None:
        self.is_told = True
        self.status.started(value)


async def _hosted(serve: Serve, *, task_status: TaskStatus[None]) -> None:
    begun = _Begun(task_status)
    try:
        await serve(begun)
    except Exception as error:
        if not begun.is_told:
            raise
        log.get("pool").error("a program that attempts share broke", error=repr(error))
