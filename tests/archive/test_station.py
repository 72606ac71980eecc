"""The station that prunes while the worker runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.archive import station
from deputize.archive.station import is_time, prune_forever
from deputize.store import archives, workers
from tests.archive.conftest import all_read, left, past
from tests.fixtures.shop import at_work, shop_of, until

if TYPE_CHECKING:
    from tests.fixtures.stories import Story

pytestmark = pytest.mark.anyio


async def test_a_worker_prunes_by_itself_as_the_settings_say(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a lease of its own: while another worker has that, nothing goes."""
    monkeypatch.setattr(station, "FIRST_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(station, "LOOK_SECONDS", 0.01)
    past(story)
    story.home.config.write_text("[retention]\ntasks_seconds = 0\n")
    shop = shop_of(story)
    until_when = story.clock.at + timedelta(seconds=30)
    with story.database.write() as transaction:
        assert workers.take_lease(
            transaction, "retention", holder="w1", token="another's", until=until_when,
            now=story.clock.at,
        )  # fmt: skip
    await station.prune_once(shop)
    assert not story.home.archive.exists()
    with story.database.write() as transaction:
        workers.give_back_lease(transaction, "retention", "another's")
    async with at_work(shop, prune_forever):
        await until(shop, lambda: _made(story))
    assert left(story) == [1, 2, 3, 4, 5]


def _made(story: Story) -> bool:
    with story.database.read() as transaction:
        return archives.latest(transaction) is not None


async def test_it_waits_for_a_quiet_time_but_not_for_ever(story: Story) -> None:
    """Once a day; while something is queued a day more, and then all the same."""
    story.run("old")
    story.pass_time(days=365)
    story.run("new")
    all_read(story)
    shop = shop_of(story)
    assert is_time(shop)
    await station.prune_once(shop)
    assert left(story) == [2]
    assert not is_time(shop)
    story.pass_time(hours=21)
    assert is_time(shop)
    story.add("queued")
    assert not is_time(shop)
    story.pass_time(hours=30)
    assert is_time(shop)
