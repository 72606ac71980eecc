"""Waiting for other tasks: to be done, to land, or to end in whatever way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.queue import Ending
from tests.fixtures.nouns import COMMIT, NOON
from tests.fixtures.yard import ADA

if TYPE_CHECKING:
    from tests.fixtures.yard import Yard

BLOCKED, QUEUED, DONE = TaskState.BLOCKED, TaskState.QUEUED, TaskState.DONE
FAILED, CANCELLED = TaskState.FAILED, TaskState.CANCELLED


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.AUTH_FAILED, Outcome.CANCELLED])
def test_any_end_releases_what_waits_for_an_end(yard: Yard, outcome: Outcome) -> None:
    """A report on what failed is written too."""
    yard.add()
    yard.add(1, on="end")
    yard.run(outcome)
    assert yard.task(2).state is QUEUED
    assert yard.told(2)[-1] == "task.released"


def test_a_person_who_cancels_a_need_releases_what_waits_for_its_end(yard: Yard) -> None:
    """Others fall with it, and what waits for the end of those goes on as well."""
    yard.add()
    yard.add(1)
    yard.add(2, on="end")
    yard.add(1, on="landed")
    queue.cancel(yard.database, 1, ADA, yard.now)
    assert yard.states() == [CANCELLED, CANCELLED, QUEUED, CANCELLED]
    assert yard.task(2).reason is Outcome.NEED_FAILED


def test_a_chain_is_not_released_before_all_its_needs_are_met(yard: Yard) -> None:
    """An end is one of them, whichever comes first; what is revived is waited for again."""
    yard.add()
    yard.add()
    yard.add(1, 2, on="end")
    yard.run(Outcome.AUTH_FAILED)
    assert yard.task(3).state is BLOCKED
    queue.retry(yard.database, 1, ADA, yard.now)
    yard.run()
    yard.run()
    assert yard.states() == [DONE, DONE, QUEUED]


def test_what_was_released_by_an_end_stays_so_when_that_is_revived(yard: Yard) -> None:
    """It may be at work already."""
    yard.add()
    yard.add(1, on="end")
    yard.run(Outcome.AUTH_FAILED)
    queue.retry(yard.database, 1, ADA, yard.now)
    assert yard.states() == [QUEUED, QUEUED]


def test_the_base_is_pinned_where_the_tip_is_known(yard: Yard) -> None:
    """A dependent starts from a tip that has what its need landed, or left when it failed."""
    place = {"repo": "/project", "git_dir": "/project/.git", "target": "main"}
    yard.add()
    yard.add(1, on="landed", **place)
    yard.add()
    yard.add(3, on="end", **place)
    tips = {("/project/.git", "main"): COMMIT}
    for number, outcome in ((1, Outcome.SUCCEEDED), (3, Outcome.AUTH_FAILED)):
        claim = yard.claimed()
        assert claim.task.id == number
        queue.finish(yard.database, claim.attempt, Ending(outcome=outcome), NOON, tips)
        queue.hold(yard.database, number + 1, ADA, NOON, held=True)
    assert (yard.task(2).base, yard.task(4).base) == (COMMIT, COMMIT)
