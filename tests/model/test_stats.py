"""What the queue has done, in numbers: pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from deputize.model.attempt import Usage
from deputize.model.budget import Spent
from deputize.model.outcome import Outcome
from deputize.model.stats import Ended, Load, Served, Waits, spread, summed
from tests.fixtures.nouns import NOON

DAY = timedelta(days=1)


def ended(outcome: Outcome, *, waited: float = 1, started: float = 2, ran: float = 10) -> Ended:
    """Make an attempt that ended at noon."""
    claimed = NOON - timedelta(seconds=ran)
    begun: datetime = claimed + timedelta(seconds=started)
    return Ended(
        role="writer",
        worker="w1",
        outcome=outcome,
        ready_at=claimed - timedelta(seconds=waited),
        started_at=claimed,
        begun_at=begun,
        finished_at=NOON,
    )


def test_times_spread_by_nearest_rank() -> None:
    """Of a hundred, the fiftieth and the ninety-fifth; of one, itself; of none, nothing."""
    assert spread([float(number) for number in range(100, 0, -1)]) == (100, 50.0, 95.0, 100.0)
    assert spread([3.0]) == (1, 3.0, 3.0, 3.0)
    assert spread([None]) is None


def test_what_ended_is_summed_up() -> None:
    """By outcome, by the hour, and as a rate of those that count as tries."""
    found = [ended(Outcome.SUCCEEDED)] * 3 + [ended(Outcome.AGENT_ERROR)]
    found.append(ended(Outcome.WORKER_LOST))
    summary = summed(found, [], [], since=NOON - DAY, now=NOON, most=10)
    assert [(one.outcome, one.ended_count) for one in summary.reasons] == [
        ("succeeded", 3),
        ("agent_error", 1),
        ("worker_lost", 1),
    ]
    assert summary.failure_rate == 0.25
    assert summary.per_hour == 3 / 24
    assert summary.claim == (5, 1.0, 1.0, 1.0)
    assert summary.start == (5, 2.0, 2.0, 2.0)
    assert summary.run == (5, 10.0, 10.0, 10.0)


def test_what_was_tried_again_is_told_by_reason() -> None:
    """A rate of all that ended, and how many of each reason were followed by another attempt."""
    lost = ended(Outcome.WORKER_LOST)
    found = [ended(Outcome.SUCCEEDED), lost, lost._replace(was_retried=True)]
    summary = summed(found, [], [], since=NOON - DAY, now=NOON, most=10)
    assert summary.retry_rate == 1 / 3
    assert summary.reasons == [("worker_lost", 2, 2 / 3, 1), ("succeeded", 1, 1 / 3, 0)]


def test_what_each_worker_did_is_told_beside_what_it_has_in_hand() -> None:
    """Only its own attempts count, and a live one that ended none has zeros."""
    found = [ended(Outcome.SUCCEEDED), ended(Outcome.AGENT_ERROR)]
    found.append(ended(Outcome.SUCCEEDED)._replace(worker="w2"))
    loads = [Load("w1", 3, 1, waits=Waits(10, 2, 0.5, 0.4)), Load("w3", 3, 0, waits=Waits(30))]
    summary = summed(found, [], loads, since=NOON - DAY, now=NOON, most=10)
    assert [load[:5] for load in summary.loads] == [("w1", 3, 1, 2, 1), ("w3", 3, 0, 0, 0)]
    assert (summary.waits, summary.waits.rate) == ((40, 2, 0.5, 0.4), 0.05)


def test_what_was_taken_is_told_by_who_worked_and_whose_model_it_was() -> None:
    """What took the most comes first; tokens without a price are told apart."""
    priced = Usage(input_tokens=8, output_tokens=2, cached_tokens=3, cost_usd="0.5")
    unpriced = Usage(input_tokens=5, reasoning_tokens=1)
    one, other = Served("copilot", "mine", "m"), Served("codex")
    by_usage = [(one, priced), (other, Usage(output_tokens=90)), (one, unpriced)]
    found = [
        ended(Outcome.SUCCEEDED)._replace(served=served, usage=usage) for served, usage in by_usage
    ]
    found.append(ended(Outcome.CANCELLED)._replace(served=Served("goose")))
    summary = summed(found, [], [], since=NOON - DAY, now=NOON, most=10)
    assert summary.taken == [
        (other, 1, Usage(output_tokens=90), Spent(90, 0, 90)),
        (one, 2, priced.plus(unpriced), Spent(15, 500_000, 5)),
    ]


def test_leases_that_were_lost_are_counted() -> None:
    """A worker's death among them; where nobody wrote, no rate is made up."""
    found = [ended(Outcome.LEASE_LOST), ended(Outcome.WORKER_LOST), ended(Outcome.PARKED)]
    summary = summed(found, [], [], since=NOON - DAY, now=NOON, most=10)
    assert (summary.lost_count, summary.waits.rate) == (2, None)


def test_where_more_ended_than_is_looked_at_the_time_is_shorter() -> None:
    """Rates are of the time that the newest took, and that is said."""
    old = ended(Outcome.SUCCEEDED)._replace(finished_at=NOON - timedelta(hours=1))
    summary = summed([ended(Outcome.SUCCEEDED), old], [], [], since=NOON - DAY, now=NOON, most=2)
    assert (summary.capped, summary.per_hour) == (True, 2.0)


def test_nothing_is_no_error() -> None:
    """An empty store has no rates."""
    summary = summed([], [], [], since=NOON - DAY, now=NOON, most=2)
    assert (summary.reasons, summary.failure_rate, summary.run) == ([], None, None)
    assert summary.retry_rate is None
