"""What the queue has done and how it stands, in numbers: pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.attempt import NO_USAGE, Usage
from deputize.model.budget import Spent, spent_of
from deputize.model.outcome import MEANINGS, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from deputize.model.budget import Standing

HUNDRED = 100


class Served(NamedTuple):
    """Who worked, and whose model it was; None where the agent chose."""

    agent: str
    provider: str | None = None
    model: str | None = None


class Ended(NamedTuple):
    """One attempt that has ended."""

    role: str
    worker: str
    outcome: Outcome
    ready_at: datetime | None
    """Since when its task could have been taken."""
    started_at: datetime
    """When it was claimed."""
    begun_at: datetime | None
    """When its agent ran."""
    finished_at: datetime
    was_retried: bool = False
    """Its task has been tried again since."""
    served: Served = Served("")
    usage: Usage = NO_USAGE


class Reason(NamedTuple):
    """How attempts ended, and what came of it."""

    outcome: Outcome
    ended_count: int
    rate: float
    """Of all attempts that ended: 0 to 1."""
    retried_count: int
    """Of these, how many were followed by another attempt."""


class Taken(NamedTuple):
    """What the attempts that were served alike have taken."""

    served: Served
    attempt_count: int
    usage: Usage
    spent: Spent
    """The same as it is paid for: what has no price is told apart."""


class Depth(NamedTuple):
    """How many open tasks there are of a role in a state."""

    role: str
    state: str
    task_count: int
    oldest_ready_at: datetime | None


class Waits(NamedTuple):
    """How often writers had to wait for others, and how long."""

    write_count: int = 0
    waited_count: int = 0
    waited_seconds: float = 0.0
    longest_seconds: float = 0.0

    @property
    def rate(self) -> float | None:
        """How many of all writes had to wait: 0 to 1."""
        return self.waited_count / self.write_count if self.write_count else None

    def plus(self, other: Waits) -> Waits:
        """Add what others have waited."""
        return Waits(
            self.write_count + other.write_count,
            self.waited_count + other.waited_count,
            self.waited_seconds + other.waited_seconds,
            max(self.longest_seconds, other.longest_seconds),
        )


class Load(NamedTuple):
    """What a live worker has in hand, and what it has done in the time that was looked at."""

    worker: str
    slots: int
    busy: int
    ended_count: int = 0
    succeeded_count: int = 0
    waits: Waits = Waits()
    """Since it began, as of its last heartbeat."""


class Spread(NamedTuple):
    """How long something took, in seconds: half of all times, and 95 of 100, were at most that."""

    sample_count: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How the queue stands, and what ended in the time that was looked at."""

    since: datetime
    now: datetime
    capped: bool
    """More ended than was looked at: the newest were."""
    reasons: Sequence[Reason]
    """How attempts ended, the most frequent first."""
    per_hour: float
    """Attempts that succeeded, for each hour of the time looked at."""
    failure_rate: float | None
    """Of the attempts that count as tries, how many were none that succeeded: 0 to 1."""
    retry_rate: float | None
    """Of all attempts that ended, how many were followed by another: 0 to 1."""
    claim: Spread | None
    """From ready to claimed."""
    start: Spread | None
    """From claimed to the agent's process."""
    run: Spread | None
    """From claimed to the end."""
    waits: Waits
    """Of all live workers, since each began."""
    lost_count: int
    """Attempts whose lease or worker was lost."""
    depths: Sequence[Depth]
    loads: Sequence[Load]
    taken: Sequence[Taken] = ()
    """By agent, provider and model, what took the most tokens first."""
    spent: Sequence[Standing] = ()
    """What was spent today: all together, and with each provider and agent."""


def summed(
    ended: Sequence[Ended],
    depths: Sequence[Depth],
    loads: Sequence[Load],
    *,
    since: datetime,
    now: datetime,
    most: int,
) -> Stats:
    """Sum up what ended since a moment; `most` is how many were looked at at most."""
    capped = len(ended) >= most
    began = ended[-1].finished_at if capped else since
    hours = max((now - began).total_seconds(), 1) / 3600
    outcomes = Counter(one.outcome for one in ended)
    return Stats(
        since=began,
        now=now,
        capped=capped,
        reasons=_reasons(ended, outcomes),
        per_hour=outcomes[Outcome.SUCCEEDED] / hours,
        failure_rate=_failure_rate(outcomes),
        retry_rate=sum(one.was_retried for one in ended) / len(ended) if ended else None,
        claim=spread(_between(one.ready_at, one.started_at) for one in ended),
        start=spread(_between(one.started_at, one.begun_at) for one in ended),
        run=spread(_between(one.started_at, one.finished_at) for one in ended),
        waits=reduce(Waits.plus, (load.waits for load in loads), Waits()),
        lost_count=outcomes[Outcome.LEASE_LOST] + outcomes[Outcome.WORKER_LOST],
        depths=depths,
        loads=[_with_ended(load, ended) for load in loads],
        taken=_taken(ended),
    )


def _taken(ended: Sequence[Ended]) -> Sequence[Taken]:
    usages: dict[Served, list[Usage]] = {}
    for one in ended:
        usages.setdefault(one.served, []).append(one.usage)
    found = [
        Taken(
            served,
            len(each),
            reduce(Usage.plus, each, NO_USAGE),
            reduce(Spent.plus, map(spent_of, each), Spent()),
        )
        for served, each in usages.items()
        if any(usage != NO_USAGE for usage in each)
    ]
    return sorted(found, key=lambda one: one.spent.tokens, reverse=True)


def _reasons(ended: Sequence[Ended], outcomes: Counter[Outcome]) -> Sequence[Reason]:
    retried = Counter(one.outcome for one in ended if one.was_retried)
    return [
        Reason(outcome, count, count / len(ended), retried[outcome])
        for outcome, count in outcomes.most_common()
    ]


def _with_ended(load: Load, ended: Sequence[Ended]) -> Load:
    own = [one.outcome for one in ended if one.worker == load.worker]
    succeeded = own.count(Outcome.SUCCEEDED)
    return load._replace(ended_count=len(own), succeeded_count=succeeded)


def spread(seconds: Iterable[float | None]) -> Spread | None:
    """Return how times spread; what is not known is left out, None where nothing is."""
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return None
    return Spread(len(known), _at(known, 50), _at(known, 95), known[-1])


def _at(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that `percent` of all are at most (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // HUNDRED) - 1)]


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return max(0.0, (end - start).total_seconds()) if start and end else None


def _failure_rate(outcomes: Mapping[Outcome, int]) -> float | None:
    tried = sum(count for outcome, count in outcomes.items() if MEANINGS[outcome].counts)
    return (tried - outcomes[Outcome.SUCCEEDED]) / tried if tried else None
