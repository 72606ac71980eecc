"""What follows from the end of an attempt: pure, from the table of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.outcome import MEANINGS, WORKER_LOSSES, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.task import Task

BACKOFF_SECONDS = 10
BACKOFF_LIMIT_SECONDS = 300
PROVIDER_BACKOFF_SECONDS = 60
"""First pause after a rate limit whose end the provider didn't name."""
PROVIDER_BACKOFF_LIMIT_SECONDS = 3600

_LOSSES = frozenset({Outcome.WORKER_LOST, Outcome.LEASE_LOST})
_OF_THE_TREE = frozenset({Outcome.CONFLICT, Outcome.CHECKS_FAILED})
"""What another try on the same tree would end in again: landing reworks it, nobody repeats it."""
_AT_ONCE = frozenset({*_LOSSES, Outcome.PARKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The task goes back to the queue."""

    not_before: datetime | None
    tried: str
    """For people: `try 2 of 3`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The task has failed, for this reason."""

    reason: Outcome


def next_step(
    task: Task,
    attempts: Iterable[Attempt],
    outcome: Outcome,
    now: datetime,
    retry_at: datetime | None = None,
) -> Again | Over:
    """Decide what follows when the newest of `attempts` ended with `outcome`, which isn't success.

    `attempts` holds all of the task, the newest with its outcome not yet written.
    """
    ended = [
        attempt.outcome or outcome for attempt in attempts if attempt.number >= task.round_start
    ]
    meaning = MEANINGS[outcome]
    if outcome in _OF_THE_TREE:
        return Over(reason=outcome)
    if outcome in _LOSSES:
        return _after_loss(ended)
    if not meaning.counts:
        same = sum(1 for other in ended if other is outcome)
        wait = timedelta(seconds=_provider_backoff(same))
        at = retry_at or (None if outcome in _AT_ONCE else now + wait)
        return Again(not_before=at, tried="not counted as a try")
    granted = task.attempts if task.attempts and meaning.on_request else meaning.default_tries
    used = sum(1 for other in ended if MEANINGS[other].counts)
    if used >= granted:
        return Over(reason=outcome)
    wait = timedelta(seconds=backoff_seconds(used))
    return Again(not_before=now + wait, tried=f"try {used + 1} of {granted}")


def _after_loss(ended: list[Outcome]) -> Again | Over:
    losses = sum(1 for other in ended if other in _LOSSES)
    if losses >= WORKER_LOSSES:
        return Over(reason=Outcome.WORKER_LOST)
    return Again(not_before=None, tried="not counted as a try")


def backoff_seconds(failures: int) -> int:
    """Return the pause after so many failures: 10 s, doubled each time, up to 5 min."""
    return int(min(BACKOFF_SECONDS * 2 ** (failures - 1), BACKOFF_LIMIT_SECONDS))


def _provider_backoff(failures: int) -> int:
    return int(min(PROVIDER_BACKOFF_SECONDS * 2 ** (failures - 1), PROVIDER_BACKOFF_LIMIT_SECONDS))
