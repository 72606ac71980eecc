"""A clock that is set back lets no task wait for longer than a pause may be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from tests.fixtures.yard import Yard

HOUR = 3600


def test_a_pause_is_cut_once_the_clock_is_set_back(yard: Yard) -> None:
    """It ends within the longest pause from now, and that is told once."""
    yard.add()
    yard.run(Outcome.AGENT_CRASHED)
    assert queue.shorten(yard.database, yard.now) == 0
    yard.pass_time(-5 * HOUR)
    assert queue.shorten(yard.database, yard.now) == 1
    assert yard.task(1).not_before == yard.now + timedelta(seconds=300)
    assert yard.told(1)[-1] == "task.rescheduled"
    assert queue.shorten(yard.database, yard.now) == 0
    yard.pass_time(300)
    assert yard.claim() is not None


@pytest.mark.parametrize("outcome", [Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT])
def test_what_a_provider_named_stays(yard: Yard, outcome: Outcome) -> None:
    """Its reset may be far away."""
    yard.add()
    reset = yard.now + timedelta(hours=20)
    yard.run(outcome, retry_at=reset)
    assert queue.shorten(yard.database, yard.now) == 0
    assert yard.task(1).not_before == reset


def test_what_a_person_named_stays(yard: Yard) -> None:
    """Nothing was tried yet: the delay is the person's own."""
    yard.add(not_before=yard.now + timedelta(days=3))
    assert queue.shorten(yard.database, yard.now) == 0
