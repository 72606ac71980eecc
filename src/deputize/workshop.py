"""What the stations of one worker process share."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio
from anyio import to_thread

from deputize import log
from deputize.errors import LeaseLost, StoreUnavailable
from deputize.git.refs import read_ref
from deputize.model.attempt import HEARTBEAT_SECONDS, LEASE_SECONDS
from deputize.store import settle, workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from deputize.clock import Clock
    from deputize.config.home import Home
    from deputize.model.worker import Worker
    from deputize.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Bell:
    """Rung by anybody, waited for by several; who is at work when it rings hears it afterwards."""

    rings: int = 0
    heard: dict[int, int] = field(default_factory=dict)
    """How many rings each task that waits for them has heard, or has made itself."""
    waiting: set[anyio.Event] = field(default_factory=set)

    def ring(self, by: int | None = None) -> None:
        """Wake all who wait; `by` is a task that need not be told what it says itself."""
        if by is not None and self.heard.get(by) == self.rings:
            self.heard[by] += 1
        self.rings += 1
        for event in self.waiting:
            event.set()

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, at once where one came since the last time, or in `seconds`."""
        task = anyio.get_current_task().id
        rung = anyio.Event()
        if self.heard.get(task, 0) != self.rings:
            rung.set()
        self.waiting.add(rung)
        try:
            with anyio.move_on_after(seconds):
                await rung.wait()
        finally:
            self.waiting.discard(rung)
            self.heard[task] = self.rings


@dataclass(slots=True, kw_only=True)
class Bells:
    """Hints between the stations of one process that there may be something for them."""

    tasks: Bell = field(default_factory=Bell)
    """That of the station that takes up tasks: rings from outside it hears first."""
    others: Bell = field(default_factory=Bell)
    news: anyio.Event = field(default_factory=anyio.Event)
    """Set once something was done here that others may wait for."""

    def ring(self) -> None:
        """Wake every other station of this process, and have other processes told."""
        caller = anyio.get_current_task().id
        self.tasks.ring(caller)
        self.others.ring(caller)
        self.news.set()

    async def until_news(self) -> None:
        """Return once somebody has rung in this process since the last time."""
        await self.news.wait()
        self.news = anyio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, or after `seconds`."""
        await self.others.wait(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A worker process: its home, its database, and who it is."""

    home: Home
    database: Database
    clock: Clock
    worker: Worker
    bells: Bells
    turn: anyio.CapacityLimiter
    """One at a time: the store is synchronous and is called from one thread."""
    unreturned: dict[str, str] = field(default_factory=dict)
    """Leases that may still be this process's, by name, each with its token.

    The store was away when they were to be taken or given back.
    """

    def now(self) -> datetime:
        """Return the current moment."""
        return self.clock.now()

    async def in_store(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something short and synchronous of the store, aside from the event loop."""
        return await to_thread.run_sync(partial(call, *args, **kwargs), limiter=self.turn)


async def aside(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call something synchronous that may take a while (git, files) in a thread of its own.

    It is not abandoned when the caller is cancelled: what it began, it ends.
    """
    return await to_thread.run_sync(partial(call, *args, **kwargs))


def tips_of_dependents(shop: Workshop, task: int) -> dict[tuple[str, str], str]:
    """Return the tips at which dependents of `task` start, should its end release them."""
    with shop.database.read() as transaction:
        wanted = settle.targets_of_dependents(transaction, task)
    found = {place: read_ref(Path(place[0]), f"refs/heads/{place[1]}") for place in wanted}
    return {place: tip for place, tip in found.items() if tip}


@contextmanager
def alone() -> Iterator[None]:
    """Raise what one task of a group raised as itself: callers tell errors apart by their type."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        if error is group:
            raise
        raise error from group


@asynccontextmanager
async def held_lease(shop: Workshop, name: str) -> AsyncIterator[str | None]:
    """Hold a named lease and keep it alive; gives None where somebody else has it.

    Ends what is done under it with LeaseLost once somebody else has taken it.
    """
    token = shop.unreturned.pop(name, None) or secrets.token_hex(16)
    try:
        held = await shop.in_store(_take, shop, name, token)
    except StoreUnavailable:
        shop.unreturned[name] = token
        raise
    if not held:
        yield None
        return
    try:
        with alone():
            async with anyio.create_task_group() as group:
                group.start_soon(_renew, shop, name, token)
                yield token
                group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(10):
            await shop.in_store(_give_back, shop, name, token)


async def _renew(shop: Workshop, name: str, token: str) -> None:
    while True:
        await anyio.sleep(HEARTBEAT_SECONDS)
        try:
            held = await shop.in_store(_take, shop, name, token)
        except StoreUnavailable as error:
            log.get("leases").warning("not renewed", lease=name, error=error.message)
            continue
        if not held:
            raise LeaseLost(f"the lease {name} is lost")


def _take(shop: Workshop, name: str, token: str) -> bool:
    now = shop.now()
    with shop.database.read() as transaction:
        if not workers.is_free(transaction, name, token, now):
            return False
    with shop.database.write() as transaction:
        return workers.take_lease(
            transaction,
            name,
            holder=shop.worker.id,
            token=token,
            until=now + timedelta(seconds=LEASE_SECONDS),
            now=now,
        )


def _give_back(shop: Workshop, name: str, token: str) -> None:
    """Let others have a lease; where that can't be written, we may go on in it."""
    try:
        with shop.database.write() as transaction:
            workers.give_back_lease(transaction, name, token)
    except StoreUnavailable as error:
        shop.unreturned[name] = token
        log.get("leases").warning("not given back", lease=name, error=error.message)
