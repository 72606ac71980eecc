"""Upkeep forgets sessions that nobody has used for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.store import sessions
from deputize.worker.stale_sessions import forget_stale
from tests.fixtures.databases import DATABASES
from tests.fixtures.shop import shop_of
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.stories import Story


@pytest.fixture(params=DATABASES)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    """Open a store in which a session was named at the beginning."""
    for opened in open_story(request.param, tmp_path / "home"):
        with opened.database.write() as transaction:
            sessions.begin(transaction, "copilot", "s1", None, "host", opened.clock.at)
        yield opened


def left(story: Story) -> list[str]:
    """Return the sessions that are known."""
    with story.database.read() as transaction:
        return [each.token for each in sessions.listing(transaction)]


def test_a_day_after_the_last_use_a_session_is_forgotten(story: Story) -> None:
    """Not sooner; its files go with it, and the journal says that upkeep did it."""
    folder = story.home.agents / "copilot" / "session-state" / "s1"
    folder.mkdir(parents=True)
    story.pass_time(hours=23, minutes=59)
    assert forget_stale(shop_of(story)) == 0
    assert (left(story), folder.is_dir()) == (["s1"], True)
    story.pass_time(minutes=1)
    assert forget_stale(shop_of(story)) == 1
    assert (left(story), folder.exists()) == ([], False)
    assert story.kinds()[-1] == "session.destroyed"


@pytest.mark.parametrize(("kept", "gone"), [('"3h"', 1), ('"5h"', 0), ("0", 0)])
def test_the_settings_say_how_long(story: Story, kept: str, gone: int) -> None:
    """Nothing at all is for ever."""
    story.home.config.write_text(f"[retention]\nsessions_seconds = {kept}\n")
    story.pass_time(hours=4)
    assert forget_stale(shop_of(story)) == gone
