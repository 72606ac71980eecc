"""Bells between the stations of one process: no ring is missed, and nobody answers its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from deputize.workshop import Bell, Bells

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FOR_EVER = 3600.0


def runs(story: Callable[[], Awaitable[None]]) -> None:
    """Run a story that must not wait for ever."""

    async def bounded() -> None:
        with anyio.fail_after(10):
            await story()

    anyio.run(bounded)


def test_a_ring_wakes_who_waits() -> None:
    """All of them."""

    async def story() -> None:
        bell = Bell()
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(bell.wait, FOR_EVER)
            while len(bell.waiting) < 3:
                await anyio.lowlevel.checkpoint()
            bell.ring()

    runs(story)


def test_a_ring_while_it_works_is_heard_afterwards() -> None:
    """Once, however often it rang."""

    async def story() -> None:
        bell = Bell()
        await bell.wait(0)
        bell.ring()
        bell.ring()
        await bell.wait(FOR_EVER)
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await bell.wait(FOR_EVER)

    runs(story)


def test_a_ring_before_the_first_look_is_over_is_heard() -> None:
    """Who begins may have looked already when it rings."""

    async def story() -> None:
        bell = Bell()
        bell.ring()
        await bell.wait(FOR_EVER)

    runs(story)


def test_nobody_answers_its_own_ring() -> None:
    """Else a station that rings in vain would never rest; the others hear it."""

    async def story() -> None:
        bells = Bells()
        await bells.wait(0)
        bells.ring()
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await bells.wait(FOR_EVER)
        async with anyio.create_task_group() as group:
            group.start_soon(bells.wait, FOR_EVER)

    runs(story)


def test_a_ring_that_came_before_its_own_is_heard() -> None:
    """What others say is not forgotten because one says something too."""

    async def story() -> None:
        bells = Bells()
        await bells.wait(0)
        bells.others.ring()
        bells.ring()
        await bells.wait(FOR_EVER)

    runs(story)
