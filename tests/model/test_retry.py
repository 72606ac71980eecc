"""What follows from the end of an attempt, for every outcome and every history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.model.outcome import MEANINGS, WORKER_LOSSES, Outcome
from deputize.model.retry import Again, Over, backoff_seconds, next_step
from tests.fixtures.nouns import NOON, a_task, an_attempt

LOSSES = {Outcome.WORKER_LOST, Outcome.LEASE_LOST}
FAILURES = [outcome for outcome in Outcome if outcome is not Outcome.SUCCEEDED]
OF_THE_TREE = {Outcome.CONFLICT, Outcome.CHECKS_FAILED}
COUNTED = [
    outcome for outcome in FAILURES if MEANINGS[outcome].counts and outcome not in OF_THE_TREE
]
WAITING = [
    outcome
    for outcome in FAILURES
    if not MEANINGS[outcome].counts and outcome not in {*LOSSES, Outcome.PARKED}
]


def after(*outcomes: Outcome, granted: int | None = None, round_start: int = 1) -> Again | Over:
    """Decide what follows when attempts ended with these outcomes, the last just now."""
    attempts = [
        an_attempt(number=number, outcome=outcome)
        for number, outcome in enumerate(outcomes[:-1], 1)
    ]
    attempts.append(an_attempt(number=len(outcomes)))
    task = a_task(attempts=granted, round_start=round_start)
    return next_step(task, attempts, outcomes[-1], NOON)


def pause(step: Again | Over) -> float:
    """Return for how many seconds the task waits before it is tried again."""
    assert isinstance(step, Again)
    return 0 if step.not_before is None else (step.not_before - NOON).total_seconds()


@pytest.mark.parametrize("outcome", COUNTED)
def test_a_counted_outcome_is_tried_as_often_as_the_table_says(outcome: Outcome) -> None:
    """Again with growing pauses while tries are left, then over for that reason."""
    tries = MEANINGS[outcome].default_tries
    for failures in range(1, tries):
        step = after(*[outcome] * failures)
        assert pause(step) == 10 * 2 ** (failures - 1)
        assert isinstance(step, Again)
        assert step.tried == f"try {failures + 1} of {tries}"
    assert after(*[outcome] * tries) == Over(reason=outcome)


@pytest.mark.parametrize("outcome", COUNTED)
@pytest.mark.parametrize("granted", [1, 2, 5])
def test_granted_tries_are_used_only_where_another_try_may_help(
    outcome: Outcome, granted: int
) -> None:
    """`--attempts` counts for an agent's own failures; a missing agent stays missing."""
    on_request = MEANINGS[outcome].on_request
    tries = granted if on_request else MEANINGS[outcome].default_tries
    assert after(*[outcome] * tries, granted=granted) == Over(reason=outcome)
    if tries > 1:
        assert isinstance(after(*[outcome] * (tries - 1), granted=granted), Again)


@pytest.mark.parametrize("outcome", sorted(OF_THE_TREE))
def test_what_the_same_tree_would_end_in_again_is_not_repeated(outcome: Outcome) -> None:
    """A tester whose checks fail has answered; what landing refuses is reworked, not retried."""
    assert after(outcome, granted=5) == Over(reason=outcome)


@pytest.mark.parametrize("outcome", WAITING)
def test_what_a_provider_refuses_is_waited_for_without_counting(outcome: Outcome) -> None:
    """A minute, doubled each time, up to an hour; or until the moment that was named."""
    pauses = [pause(after(*[outcome] * times)) for times in range(1, 9)]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    at = NOON + timedelta(hours=9)
    step = next_step(a_task(), [an_attempt()], outcome, NOON, retry_at=at)
    assert step == Again(not_before=at, tried="not counted as a try")


def test_a_parked_task_is_free_at_once_however_often() -> None:
    """It waits for its answer, not for a moment."""
    assert pause(after(*[Outcome.PARKED] * 50)) == 0


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_ten_lost_workers_are_enough(loss: Outcome) -> None:
    """Nine times it is taken over at once; the tenth death ends it, as `worker_lost`."""
    other = (LOSSES - {loss}).pop()
    assert pause(after(*[loss, other] * 4, loss)) == 0
    assert after(*[loss, other] * 5, loss) == Over(reason=Outcome.WORKER_LOST)
    assert after(*[loss] * WORKER_LOSSES) == Over(reason=Outcome.WORKER_LOST)


def test_what_does_not_count_uses_up_no_try() -> None:
    """Rate limits, parking and dead workers between crashes leave all tries of the crashes."""
    between = (Outcome.RATE_LIMITED, Outcome.PARKED, Outcome.WORKER_LOST, Outcome.OUT_OF_DISK)
    crash = Outcome.AGENT_CRASHED
    assert pause(after(crash, *between, crash)) == 20
    assert after(crash, *between, crash, *between, crash) == Over(reason=crash)


def test_tries_before_the_round_do_not_count() -> None:
    """A person's retry gives all tries again, losses too."""
    crash, loss = Outcome.AGENT_CRASHED, Outcome.WORKER_LOST
    assert pause(after(*[crash] * 3, crash, round_start=4)) == 10
    assert pause(after(*[loss] * 9, loss, round_start=10)) == 0


def test_backoff_doubles_up_to_five_minutes() -> None:
    """From ten seconds on, and no history is long enough to break it."""
    assert [backoff_seconds(n) for n in range(1, 8)] == [10, 20, 40, 80, 160, 300, 300]
    assert backoff_seconds(10_000) == 300


@given(
    outcomes=st.lists(st.sampled_from(FAILURES), min_size=1, max_size=40),
    granted=st.none() | st.integers(1, 100),
)
def test_whatever_happened_something_sensible_follows(
    outcomes: list[Outcome], granted: int | None
) -> None:
    """A pause is never negative nor over an hour, and what is over has a reason that happened."""
    step = after(*outcomes, granted=granted)
    if isinstance(step, Over):
        assert step.reason is outcomes[-1] or outcomes[-1] in LOSSES
        assert MEANINGS[step.reason].counts or step.reason is Outcome.WORKER_LOST
    else:
        assert 0 <= pause(step) <= 3600
