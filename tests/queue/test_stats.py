"""What the store tells of attempts that ended, and of workers, on each database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.outcome import Outcome
from deputize.store import stats

if TYPE_CHECKING:
    from deputize.model.stats import Ended
    from tests.fixtures.yard import Yard


def ended(yard: Yard, limit: int = 10) -> list[Ended]:
    """Return what ended within the last day."""
    with yard.database.read() as transaction:
        return stats.ended(transaction, yard.now - timedelta(days=1), limit)


def test_an_attempt_that_another_followed_is_told_apart(yard: Yard) -> None:
    """Not while its task only waits for the next try; nor is the last one."""
    yard.add()
    yard.run(Outcome.AGENT_CRASHED)
    assert [one.was_retried for one in ended(yard)] == [False]
    yard.pass_time(3600)
    yard.run()
    told = [(one.outcome, one.was_retried) for one in ended(yard)]
    assert told == [("succeeded", False), ("agent_crashed", True)]
    assert [one.outcome for one in ended(yard, limit=1)] == ["succeeded"]
