"""The station: delivers while it runs, and no channel waits for another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.config.settings import ChannelSettings
from deputize.notify.channels import Channel, channels_of
from deputize.notify.outbox import Outbox
from deputize.notify.station import deliver_forever, notify_forever
from deputize.store import workers
from tests.fixtures.shop import at_work, shop_of
from tests.fixtures.shop import until as until_rung

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.stories import Story
    from tests.fixtures.web import Server

pytestmark = pytest.mark.anyio

SOON = partial(anyio.sleep, 0.01)


async def often(seconds: float) -> None:
    """Look again at once, as a worker does whose bells ring all the time."""
    del seconds
    await SOON()


async def until(condition: Callable[[], object]) -> None:
    """Wait for something, under a deadline."""
    with anyio.fail_after(20):
        while not condition():
            await SOON()


def hooks(server: Server, *paths: str) -> tuple[Channel, ...]:
    """Make a webhook for each path, of its name."""
    return channels_of(
        ChannelSettings(kind="webhook", url=server.url(path), name=path) for path in paths
    )


def paths(server: Server) -> list[str]:
    """Return the paths that were asked for."""
    return [request.path for request in server.requests]


async def test_what_happens_while_it_runs_is_delivered(story: Story, server: Server) -> None:
    """Each task that ends is told, in order."""
    outbox = Outbox(database=story.database, channels=hooks(server, "/hook"), clock=story.clock)
    async with anyio.create_task_group() as group:
        group.start_soon(deliver_forever, outbox, often)
        for count in (1, 2):
            story.run()
            story.seal()
            await until(lambda: len(server.requests) == count)  # noqa: B023 - used at once
        group.cancel_scope.cancel()
    assert [request.document["text"] for request in server.requests] == [
        "Task #1 (Fix the typo) done",
        "Task #2 (Fix the typo) done",
    ]


async def test_a_slow_channel_holds_up_no_other(story: Story, server: Server) -> None:
    """While every delivery of one hangs, the other gets all of its own."""
    channels = hooks(server, "/slow", "/hook")
    outbox = Outbox(database=story.database, channels=channels, clock=story.clock)
    async with anyio.create_task_group() as group:
        group.start_soon(deliver_forever, outbox, often)
        for _ in range(8):
            story.run()
        story.seal()
        await until(lambda: paths(server).count("/hook") == 8)
        assert not server.go_on.is_set()
        group.cancel_scope.cancel()
    assert 1 <= paths(server).count("/slow") <= 4


async def test_a_channel_that_always_fails_holds_up_no_other(story: Story, server: Server) -> None:
    """Its deliveries wait for their next try, and the other's are made."""
    (bad,) = channels_of([ChannelSettings(kind="command", command=("false",), name="bad")])
    channels = (bad, *hooks(server, "/hook"))
    outbox = Outbox(database=story.database, channels=channels, clock=story.clock)
    async with anyio.create_task_group() as group:
        group.start_soon(deliver_forever, outbox, often)
        for count in range(1, 4):
            story.run()
            story.seal()
            await until(lambda: len(server.requests) == count)  # noqa: B023 - used at once
        await until(lambda: story.kinds().count("notification.delivered") == 3)
        group.cancel_scope.cancel()


async def test_what_is_owed_to_nobody_is_given_up(story: Story, server: Server) -> None:
    """A channel that was taken out of the settings is not waited for."""
    from deputize.notify.outbox import fan_out

    story.run()
    story.seal()
    fan_out(story.database, hooks(server, "/gone"), story.clock.at)
    outbox = Outbox(database=story.database, channels=(), clock=story.clock)
    async with anyio.create_task_group() as group:
        group.start_soon(deliver_forever, outbox, often)
        await until(lambda: "notification.failed" in story.kinds())
        group.cancel_scope.cancel()
    assert server.requests == []


async def test_a_workers_station_delivers_under_its_lease(story: Story, server: Server) -> None:
    """It is what a worker process runs beside its attempts."""
    shop = shop_of(story)
    async with at_work(shop, notify_forever, hooks(server, "/hook")):
        story.run()
        story.seal()
        await until_rung(shop, lambda: server.requests)
    with story.database.read() as transaction:
        assert workers.is_free(transaction, "outbox", "another", story.clock.at)
