"""What happens to a task, told once, whatever the order in which it is written down."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from deputize.clock import ManualClock
from deputize.desk import tasks
from deputize.desk.context import Desk
from deputize.desk.streaming import Stream
from deputize.errors import NotFound
from deputize.model.event import Entry, Event
from deputize.store import journal, workers
from tests.fixtures.databases import open_database
from tests.fixtures.stories import WORKER, open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.fixtures.stories import Story


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Give a store of each kind, whose worker is not looked for on this machine."""
    for story in open_story(kind, tmp_path):
        with story.database.write() as transaction:
            workers.stop(transaction, WORKER.id, story.clock.at)
        yield story


def _kinds(stream: Stream) -> list[str]:
    return [one.kind for one in stream.news() if isinstance(one, Entry)]


def _desk(story: Story) -> Desk:
    return Desk(home=story.home, database=story.database, clock=story.clock, actor="person:you")


def test_each_entry_is_told_once_until_the_end(story: Story) -> None:
    """What is new is told, nothing of other tasks; the end is the end."""
    task, other = story.add(), story.add("Another")
    stream = Stream(_desk(story), task.id)
    assert (_kinds(stream), stream.is_over) == (["task.queued"], False)
    tasks.hold(_desk(story), other.id)
    tasks.hold(_desk(story), task.id)
    tasks.release(_desk(story), task.id)
    assert _kinds(stream) == ["task.held", "task.unheld"]
    assert _kinds(stream) == []
    tasks.cancel(_desk(story), task.id)
    assert (_kinds(stream), stream.is_over) == (["task.cancelled"], True)
    assert len(_kinds(Stream(_desk(story), task.id))) == 4


class Meddler(ManualClock):
    """A clock that cancels a task when somebody asks it what time it is."""

    def __init__(self, story: Story, task: int) -> None:
        """Begin with the time of a story."""
        super().__init__(story.clock.at)
        self._story, self._task = story, task

    def now(self) -> datetime:
        """Return the time, at which the task is cancelled."""
        tasks.cancel(_desk(self._story), self._task)
        return super().now()


def test_an_end_in_the_middle_of_a_look_is_told(story: Story) -> None:
    """Where the task ends after its entries were read, they are read again."""
    task = story.add()
    stream = Stream(_desk(story)._replace(clock=Meddler(story, task.id)), task.id)
    assert (_kinds(stream)[-1], stream.is_over) == ("task.cancelled", True)


def test_a_task_that_is_not_there_is_said(story: Story) -> None:
    """NotFound, at the first look."""
    with pytest.raises(NotFound):
        list(Stream(_desk(story), 7).news())


@pytest.mark.parametrize("kind", ["postgres"])
def test_an_entry_that_is_committed_late_is_told(story: Story, kind: str, tmp_path: Path) -> None:
    """Where another got a higher number and was quicker, neither is lost nor told twice."""
    task = story.add()
    stream = Stream(_desk(story), task.id)
    _kinds(stream)
    slow = open_database(kind, tmp_path)
    with ExitStack() as stack:
        stack.callback(slow.close)
        with slow.write() as transaction:
            event = Event(kind="task.held", actor="person:you", task=task.id)
            journal.append(transaction, event, story.clock.at)
            transaction.one("journal.newest")
            story.tell("task.unheld", task=task.id)
            assert _kinds(stream) == ["task.unheld"]
        assert _kinds(stream) == ["task.held"]
    assert _kinds(stream) == []
