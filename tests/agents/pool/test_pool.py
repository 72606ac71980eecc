"""Lending clients: started once, waited for, ended when they are not needed."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.pool.pool import Pool
from deputize.errors import AgentError, InvalidInput, ProcessError
from tests.fixtures.pools import USUAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskStatus

pytestmark = pytest.mark.anyio


@dataclass(slots=True, eq=False)
class Plain:
    """A client that is no process, so that its end can be had at will."""

    has_ended: bool = False
    settled: int = 0
    closed: bool = False
    problem: ProcessError | None = None
    holds: float = 1.0

    async def settle(self) -> None:
        """Note it."""
        self.settled += 1
        await anyio.lowlevel.checkpoint()
        if self.problem:
            raise self.problem

    def megabytes(self) -> float:
        """Return what it is said to hold."""
        return self.holds

    async def close(self) -> None:
        """Note it."""
        self.closed = self.has_ended = True
        if self.problem:
            raise self.problem


@dataclass(slots=True)
class Maker:
    """Starts clients, and knows them all."""

    made: list[Plain] = field(default_factory=list)
    gate: anyio.Event | None = None
    """Awaited by each start, where there is one."""

    async def start(self) -> Plain:
        """Start one."""
        client = Plain()
        self.made.append(client)
        if self.gate is not None:
            await self.gate.wait()
        return client


def is_kept(client: Plain) -> bool:
    """Tell whether nobody has ended it."""
    return not client.closed


async def use(pool: Pool, start: Callable[[], Awaitable[Plain]], key: str = "a") -> Plain:
    """Have a client for a moment."""
    async with pool.lent(key, start) as loan:
        return loan.client


async def test_one_that_holds_too_much_serves_nobody_who_comes_later() -> None:
    """That is seen whenever somebody leaves, however many others still use it."""
    maker, pool = Maker(), Pool(USUAL)
    async with pool.lent("a", maker.start) as first:
        await use(pool, maker.start)
        assert len(maker.made) == 1
        first.client.holds = USUAL.most_megabytes + 1
        await use(pool, maker.start)
        other = await use(pool, maker.start)
        assert other is not first.client
        assert is_kept(first.client)
    assert not is_kept(first.client)
    assert is_kept(other)


async def test_those_who_come_at_once_wait_for_one_start() -> None:
    """There is one client, and it is settled once, when the last one leaves."""
    pool, maker = Pool(USUAL), Maker(gate=anyio.Event())
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(use, pool, maker.start)
        await anyio.wait_all_tasks_blocked()
        assert maker.gate
        maker.gate.set()
    (client,) = maker.made
    assert (client.settled, client.closed) == (1, False)
    await pool.drain()
    assert client.closed


async def test_who_is_cancelled_while_it_starts_leaves_it_to_the_next() -> None:
    """The next in line starts it anew."""
    pool, maker = Pool(USUAL), Maker(gate=anyio.Event())
    async with anyio.create_task_group() as group, anyio.create_task_group() as impatient:
        impatient.start_soon(use, pool, maker.start)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(use, pool, maker.start)
        await anyio.wait_all_tasks_blocked()
        impatient.cancel_scope.cancel()
        assert maker.gate
        maker.gate.set()
    assert len(maker.made) == 2


async def test_what_does_not_start_is_raised_and_leaves_no_seat() -> None:
    """As often as it is tried; then one that works is started."""
    pool, maker = Pool(replace(USUAL, clients=1)), Maker()

    async def fail() -> Plain:
        raise AgentError("agent_error", "it does not work")

    for _ in range(2):
        with pytest.raises(AgentError, match="does not work"):
            await use(pool, fail)
    assert await use(pool, maker.start) in maker.made


async def test_where_there_is_no_room_who_came_first_is_served_first() -> None:
    """One with another key waits for room, those behind wait for that one, and all are told."""
    pool, maker, order = Pool(replace(USUAL, clients=1)), Maker(), list[str]()
    told: list[str] = []

    async def come(name: str, key: str) -> None:
        async with pool.lent(key, maker.start, waits=lambda: told.append(name)):
            order.append(name)

    async with anyio.create_task_group() as group, pool.lent("a", maker.start):
        for name, key in (("other", "b"), ("same", "a")):
            group.start_soon(come, name, key)
            await anyio.wait_all_tasks_blocked()
        assert (order, told) == ([], ["other", "same"])
    assert order == ["other", "same"]
    assert [client.closed for client in maker.made] == [True, True, False]


async def test_a_tainted_or_ended_one_is_not_lent_again() -> None:
    """It is ended as soon as nobody has it."""
    pool, maker = Pool(USUAL), Maker()
    async with pool.lent("a", maker.start) as loan:
        loan.tainted = True
    assert loan.client.closed
    again = await use(pool, maker.start)
    again.has_ended = True
    third = await use(pool, maker.start)
    assert len({id(each) for each in maker.made}) == 3
    assert not third.closed


async def test_one_that_leaves_something_behind_is_ended() -> None:
    """Also where that can't be done in full: nobody's work fails because of it."""
    pool, maker = Pool(replace(USUAL, clients=1)), Maker()
    async with pool.lent("a", maker.start) as loan:
        loan.client.problem = ProcessError("something stays")
    assert loan.client.closed
    assert await use(pool, maker.start) is not loan.client


async def test_one_that_nobody_uses_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who tends the pool sleeps until then."""
    now = anyio.current_time()
    monkeypatch.setattr("deputize.agents.pool.pool.anyio.current_time", lambda: now)
    pool, maker = Pool(replace(USUAL, idle_seconds=100)), Maker()
    client = await use(pool, maker.start)
    async with anyio.create_task_group() as group:
        group.start_soon(pool.tend)
        await anyio.wait_all_tasks_blocked()
        assert is_kept(client)
        now += 100
        await use(pool, maker.start, key="b")
        await anyio.wait_all_tasks_blocked()
        assert not is_kept(client)
        group.cancel_scope.cancel()


async def test_a_drained_pool_lends_nothing() -> None:
    """What is still used is ended as it comes back."""
    pool, maker = Pool(USUAL), Maker()
    async with pool.lent("a", maker.start) as loan:
        await pool.drain()
        assert is_kept(loan.client)
        with pytest.raises(InvalidInput, match="takes no more"):
            await use(pool, maker.start)
    assert not is_kept(loan.client)
    assert len(maker.made) == 1


@pytest.mark.parametrize("has_begun", [False, True])
async def test_what_is_hosted_goes_with_who_asked_for_it_until_it_has_begun(
    has_begun: bool,  # noqa: FBT001 - a row
) -> None:
    """Before that nobody else could end it; afterwards it goes with the pool."""
    pool, gone = Pool(USUAL), anyio.Event()

    async def serve(begun: TaskStatus[None]) -> None:
        if has_begun:
            begun.started()
        try:
            await anyio.sleep_forever()
        finally:
            gone.set()

    async with anyio.create_task_group() as group:
        group.start_soon(pool.tend)
        await anyio.wait_all_tasks_blocked()
        async with anyio.create_task_group() as asker:
            asker.start_soon(pool.host, serve)
            await anyio.wait_all_tasks_blocked()
            asker.cancel_scope.cancel()
        await anyio.wait_all_tasks_blocked()
        assert gone.is_set() is not has_begun
        group.cancel_scope.cancel()
    assert gone.is_set()


@pytest.mark.parametrize("has_begun", [False, True])
async def test_what_is_hosted_and_breaks_brings_nobody_down(
    has_begun: bool,  # noqa: FBT001 - a row
) -> None:
    """Before it has begun whoever asked for it is told; the pool goes on in either case."""
    pool = Pool(USUAL)

    async def serve(begun: TaskStatus[None]) -> None:
        if has_begun:
            begun.started()
        raise ProcessError("it broke")

    async with anyio.create_task_group() as group:
        group.start_soon(pool.tend)
        await anyio.wait_all_tasks_blocked()
        for _ in range(2):
            with nullcontext() if has_begun else pytest.raises(ProcessError, match="broke"):
                await pool.host(serve)
        group.cancel_scope.cancel()
    with pytest.raises(InvalidInput, match="nobody tends"):
        await pool.host(serve)
