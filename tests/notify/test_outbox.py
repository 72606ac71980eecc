"""The steps of delivery: owed once, delivered at least once, tried again, given up."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.config.settings import ChannelSettings
from deputize.model.event import Event
from deputize.notify.channels import Channel, channels_of
from deputize.notify.outbox import MOST_TRIES, Outbox, backoff_seconds, deliver_due, fan_out
from deputize.store import journal
from deputize.store import outbox as stored
from deputize.workspace.processes.identity import identify, is_running
from tests.fixtures.databases import DATABASES
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from deputize.notify.message import Message
    from tests.fixtures.stories import Story
    from tests.fixtures.web import Server

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]


def hook(server: Server, path: str = "/hook", name: str | None = None) -> Channel:
    """Make a webhook."""
    (channel,) = channels_of([ChannelSettings(kind="webhook", url=server.url(path), name=name)])
    return channel


def outbox_of(story: Story, *channels: Channel, send_seconds: float = 30) -> Outbox:
    """Make an outbox of a store."""
    return Outbox(
        database=story.database, channels=channels, clock=story.clock, send_seconds=send_seconds
    )


def owed(story: Story, within: timedelta = timedelta()) -> list[tuple[int, str, int]]:
    """Return event, channel and tries of what is due."""
    with story.database.read() as transaction:
        due = stored.due(transaction, story.clock.at + within)
    return [(delivery.event, delivery.channel, delivery.tries) for delivery in due]


def test_only_what_is_sealed_and_wanted_is_owed_and_only_once(story: Story, server: Server) -> None:
    """Fanning out again finds nothing new."""
    channels = [hook(server, name="all"), hook(server, name="bad")]
    (failed,) = channels_of(
        [ChannelSettings(kind="webhook", url=server.url(), name="failed", on=("task.failed",))]
    )
    story.run()
    assert fan_out(story.database, [*channels, failed], story.clock.at) == 0
    story.seal()
    assert fan_out(story.database, [*channels, failed], story.clock.at) == 2
    assert fan_out(story.database, [*channels, failed], story.clock.at) == 0
    assert sorted(channel for _, channel, _ in owed(story)) == ["all", "bad"]


def test_a_channel_that_is_new_is_not_told_old_news(story: Story, server: Server) -> None:
    """The cursor moves also while there is no channel."""
    story.run()
    story.seal()
    assert fan_out(story.database, [], story.clock.at) == 0
    assert fan_out(story.database, [hook(server)], story.clock.at) == 0


def test_a_long_backlog_is_owed_whole(story: Story, server: Server) -> None:
    """More events than fit in one transaction are taken in several."""
    with story.database.write() as transaction:
        for _ in range(1200):
            event = Event(kind="task.done", actor="queue")
            journal.append(transaction, event, story.clock.at)
    story.seal()
    assert fan_out(story.database, [hook(server)], story.clock.at) == 1200


async def test_a_delivery_is_struck_off_and_told(story: Story, server: Server) -> None:
    """What was delivered is owed no more, and the journal says so."""
    story.run("Fix the typo")
    story.seal()
    channel = hook(server)
    fan_out(story.database, [channel], story.clock.at)
    assert await deliver_due(outbox_of(story, channel), channel) == 1
    assert await deliver_due(outbox_of(story, channel), channel) == 0
    assert [request.document["text"] for request in server.requests] == [
        "Task #1 (Fix the typo) done"
    ]
    assert story.kinds()[-1] == "notification.delivered"


async def test_a_delivery_does_not_notify_of_itself(story: Story, server: Server) -> None:
    """However often the loop goes round, one event is told once."""
    story.run()
    channel = hook(server)
    for _ in range(3):
        story.seal()
        fan_out(story.database, [channel], story.clock.at)
        await deliver_due(outbox_of(story, channel), channel)
    assert len(server.requests) == 1
    assert story.kinds().count("notification.delivered") == 1


async def test_a_failed_delivery_is_tried_again_later_and_later(
    story: Story, server: Server
) -> None:
    """It is not due before its pause is over, and each pause is twice the one before."""
    story.run()
    story.seal()
    channel = hook(server)
    fan_out(story.database, [channel], story.clock.at)
    server.statuses = [500, 500]
    for tries, pause in ((1, 10), (2, 20)):
        assert await deliver_due(outbox_of(story, channel), channel) == 0
        assert owed(story, timedelta(seconds=pause - 1)) == []
        story.pass_time(seconds=pause)
        assert [found[2] for found in owed(story)] == [tries]
    assert await deliver_due(outbox_of(story, channel), channel) == 1
    assert len(server.requests) == 3
    assert [backoff_seconds(failures) for failures in (0, 1, 8, 9, 10_000)] == [
        10,
        20,
        2560,
        3600,
        3600,
    ]


async def test_a_delivery_that_never_succeeds_is_given_up_and_told(
    story: Story, server: Server
) -> None:
    """After the last try the journal says what the problem was."""
    story.run()
    story.seal()
    channel = hook(server)
    fan_out(story.database, [channel], story.clock.at)
    server.statuses = [500] * (MOST_TRIES + 5)
    for _ in range(MOST_TRIES + 5):
        await deliver_due(outbox_of(story, channel), channel)
        story.pass_time(hours=2)
    assert len(server.requests) == MOST_TRIES
    assert owed(story) == []
    with story.database.read() as transaction:
        last = journal.recent(transaction)[-1]
    assert last.kind == "notification.failed"
    assert last.task == 1
    assert last.body["error"] == "it answered 500"
    assert last.body["tries"] == MOST_TRIES


async def test_a_channel_that_hangs_is_left_after_its_time(story: Story, server: Server) -> None:
    """A delivery without an answer is a failed one."""
    story.run()
    story.seal()
    channel = hook(server, "/slow")
    fan_out(story.database, [channel], story.clock.at)
    assert await deliver_due(outbox_of(story, channel, send_seconds=0.3), channel) == 0
    story.pass_time(minutes=1)
    assert [tries for _, _, tries in owed(story)] == [1]


async def test_a_command_that_hangs_is_ended_with_all_it_started(
    story: Story, tmp_path: Path
) -> None:
    """Nothing of it is left running."""
    pids = tmp_path / "pids"
    code = 'sleep 100 & echo $! >"$0"; echo $$ >>"$0"; wait'
    settings = ChannelSettings(kind="command", command=("sh", "-c", code, str(pids)))
    (channel,) = channels_of([settings])
    story.run()
    story.seal()
    fan_out(story.database, [channel], story.clock.at)
    assert await deliver_due(outbox_of(story, channel, send_seconds=1), channel) == 0
    left = [identify(int(pid)) for pid in pids.read_text().split()]
    assert not any(found is not None and is_running(found) for found in left)


class Broken:
    """A channel whose code is at fault."""

    name = "broken"
    kinds = frozenset({"task.done"})

    async def send(self, message: Message) -> str | None:
        """Break."""
        raise RuntimeError(message.text)


async def test_a_channel_that_breaks_has_failed_to_deliver(story: Story) -> None:
    """An error that nobody foresaw is a failed delivery like any other."""
    story.run()
    story.seal()
    fan_out(story.database, [Broken()], story.clock.at)
    assert await deliver_due(outbox_of(story, Broken()), Broken()) == 0
    story.pass_time(minutes=1)
    assert [tries for _, _, tries in owed(story)] == [1]


async def test_what_was_delivered_but_not_noted_is_only_noted(story: Story, server: Server) -> None:
    """Nobody is told twice because the store could not be written for a while."""
    story.run()
    story.seal()
    channel = hook(server)
    fan_out(story.database, [channel], story.clock.at)
    ((event, _, _),) = owed(story)
    told = {event}
    assert await deliver_due(outbox_of(story, channel), channel, told) == 1
    assert server.requests == []
    assert told == set()
    assert owed(story) == []


DELIVER_AND_DIE = """
import sys
from pathlib import Path
import anyio
from deputize.config.settings import ChannelSettings
from deputize.model.event import Event
from deputize.notify.channels import channels_of
from deputize.notify.outbox import Outbox, deliver_due
from tests.fixtures.databases import open_database

code = 'echo told >>"$0"; kill -9 $PPID'
settings = ChannelSettings(kind="command", name="c", command=("sh", "-c", code, sys.argv[3]))
(channel,) = channels_of([settings])
database = open_database(sys.argv[1], Path(sys.argv[2]))
anyio.run(deliver_due, Outbox(database=database, channels=[channel]), channel)
"""


async def test_whoever_is_killed_after_delivering_delivers_again(
    story: Story, tmp_path: Path
) -> None:
    """At least once: `kill -9` between delivery and striking off loses nothing."""
    out = tmp_path / "out"
    code = 'echo told >>"$0"'
    settings = ChannelSettings(kind="command", name="c", command=("sh", "-c", code, str(out)))
    (channel,) = channels_of([settings])
    story.run()
    story.seal()
    fan_out(story.database, [channel], story.clock.at)
    killed = await anyio.run_process(
        [sys.executable, "-c", DELIVER_AND_DIE, story.kind, str(story.home.path), str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(owed(story)) == 1
    assert await deliver_due(outbox_of(story, channel), channel) == 1
    assert out.read_text() == "told\ntold\n"


@pytest.mark.parametrize("kind", DATABASES)
def test_stories_are_apart(kind: str, tmp_path: Path) -> None:
    """Each store has a name of its own, so that ids of messages are never those of another."""
    from deputize.store.meta import store_name

    names = set()
    for place in ("a", "b"):
        for one in open_story(kind, tmp_path / place):
            with one.database.read() as transaction:
                names.add(store_name(transaction))
    assert len(names) == 2
