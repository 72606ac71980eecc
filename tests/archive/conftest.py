"""What the tests of the archive share: a store with a past, and everybody has read its journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.archive.choosing import Cutoffs
from deputize.archive.pruning import Pruning, prune
from deputize.audit.daily import project
from deputize.notify.outbox import fan_out
from deputize.store import tasks
from tests.fixtures.stories import Story, open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.archive import Archive
    from deputize.model.task import Task


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Open a store."""
    yield from open_story(kind, tmp_path / "deputize")


def all_read(story: Story) -> None:
    """Let everybody read what has happened so far."""
    story.seal()
    project(story.database, story.home)
    fan_out(story.database, (), story.clock.at)


def past(story: Story, count: int = 3, **changed: object) -> list[Task]:
    """Have tasks done a year ago, and one today that was not begun."""
    done = [story.run(f"task {number}", **changed) for number in range(count)]
    story.pass_time(days=365)
    story.run("today")
    story.add("not begun")
    all_read(story)
    return done


def pruning(story: Story, **days: int | None) -> Pruning:
    """Keep logs, tasks and events for so many days (180), or for ever."""
    spans = {"logs": 180, "tasks": 180, "events": 180, **days}
    cutoffs = Cutoffs(
        *(
            None if span is None else story.clock.at - timedelta(days=span)
            for span in spans.values()
        )
    )
    return Pruning(
        database=story.database,
        home=story.home,
        clock=story.clock,
        cutoffs=cutoffs,
        actor="person:you",
    )


def pruned(story: Story, **days: int | None) -> list[Archive]:
    """Prune, and return what was written."""
    return list(prune(pruning(story, **days)))


def left(story: Story) -> list[int]:
    """Return the tasks that are in the store."""
    with story.database.read() as transaction:
        return sorted(task.id for task in tasks.listing(transaction, limit=100_000))
