"""How those who wait in one event loop hear of news."""

from __future__ import annotations

import math

import anyio
import anyio.lowlevel
import pytest

from deputize.client.watch import Watch

pytestmark = pytest.mark.anyio


async def test_each_look_is_followed_by_others() -> None:
    """Until the number differs; then by those that a later wait needs."""
    numbers = iter((1, 1, 1, 2, 2, 3))

    async def look() -> int:
        await anyio.lowlevel.checkpoint()
        return next(numbers)

    watch = Watch(look)
    with anyio.fail_after(20):
        for count in range(3):
            assert watch.count == count
            await watch.news(count, math.inf)


async def test_who_waits_hears_of_what_this_process_does() -> None:
    """Though no number tells of it."""

    async def look() -> int:
        await anyio.lowlevel.checkpoint()
        return 1

    watch = Watch(look)
    with anyio.fail_after(20):
        await watch.news(0, math.inf)
        async with anyio.create_task_group() as group:
            group.start_soon(watch.news, 1, math.inf)
            group.start_soon(watch.news, 1, math.inf)
            watch.ring()
    assert watch.count == 2
