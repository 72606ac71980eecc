"""How an attempt or a task can end: a closed set, each with what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The end of an attempt; for a task that failed or was cancelled, the reason."""

    SUCCEEDED = "succeeded"
    NO_CHANGE = "no_change"
    AGENT_ERROR = "agent_error"
    AGENT_CRASHED = "agent_crashed"
    AGENT_MISSING = "agent_missing"
    UNUSABLE_ANSWER = "unusable_answer"
    IDLE_TIMEOUT = "idle_timeout"
    TIME_LIMIT = "time_limit"
    SETUP_FAILED = "setup_failed"
    RATE_LIMITED = "rate_limited"
    QUOTA_SPENT = "quota_spent"
    AUTH_FAILED = "auth_failed"
    POLICY_DENIED = "policy_denied"
    BUDGET_SPENT = "budget_spent"
    OUT_OF_DISK = "out_of_disk"
    LEASE_LOST = "lease_lost"
    WORKER_LOST = "worker_lost"
    ISOLATION_BROKEN = "isolation_broken"
    BASE_LOST = "base_lost"
    CONFLICT = "conflict"
    CHECKS_FAILED = "checks_failed"
    REJECTED = "rejected"
    PARKED = "parked"
    NEED_FAILED = "need_failed"
    RACE_LOST = "race_lost"
    CANCELLED = "cancelled"


class Actor(StrEnum):
    """Who has to act on an outcome before the task can go on."""

    NOBODY = "nobody"
    DEPUTIZE = "deputize"
    PERSON = "you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What follows from an outcome."""

    retryable: bool
    """Another attempt may help without anything else changing."""
    default_tries: int
    """Attempts that may end like this before the task fails, when the task doesn't say.

    0 is no limit: the end uses up no try, and something outside has to change.
    """
    counts: bool = True
    """The attempt uses up a try."""
    on_request: bool = False
    """Tries that the task grants with `--attempts` are used for it."""
    who_acts: Actor
    what_to_do: str


STALLS = frozenset({Outcome.PARKED, Outcome.OUT_OF_DISK})
"""Ends after which a task goes on once a person has mended something outside of it."""
LIMITS = frozenset({Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT})
"""Ends that a provider's limit brought about: the task goes on when that resets."""
WORKER_LOSSES = 10
"""Attempts of one task whose worker died, before the task fails: a crash is not a try."""

_NOBODY, _DEPUTIZE, _PERSON = Actor.NOBODY, Actor.DEPUTIZE, Actor.PERSON


def _row(
    *, tries: int, who: Actor, do: str, counts: bool = True, on_request: bool = False
) -> Meaning:
    return Meaning(
        retryable=tries != 1 or on_request,
        default_tries=tries,
        counts=counts,
        on_request=on_request,
        who_acts=who,
        what_to_do=do,
    )


_TAKEN_OVER = (
    "another worker takes it over; in the end, `deputize doctor`, then `deputize retry ID`"
)

MEANINGS: dict[Outcome, Meaning] = {
    Outcome.SUCCEEDED: _row(tries=1, who=_NOBODY, do="nothing"),
    Outcome.NO_CHANGE: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="read `deputize logs ID`, then `add` it again with more in the prompt",
    ),
    Outcome.AGENT_ERROR: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="read `deputize logs ID`, then `deputize retry ID`",
    ),
    Outcome.AGENT_CRASHED: _row(
        tries=3,
        on_request=True,
        who=_DEPUTIZE,
        do="it is tried again; if it stays, read `deputize logs ID` and `deputize doctor`",
    ),
    Outcome.AGENT_MISSING: _row(
        tries=1, who=_PERSON, do="install the agent or choose another; `deputize doctor` says how"
    ),
    Outcome.UNUSABLE_ANSWER: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="read its answer, which `deputize show ID` names, then `deputize retry ID`",
    ),
    Outcome.IDLE_TIMEOUT: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="read `deputize logs ID`; `--idle-timeout` allows longer silence",
    ),
    Outcome.TIME_LIMIT: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="make the task smaller or give it more with `--timeout`",
    ),
    Outcome.SETUP_FAILED: _row(
        tries=1,
        on_request=True,
        who=_PERSON,
        do="mend the setup command in deputize.toml, then `deputize retry ID`",
    ),
    Outcome.RATE_LIMITED: _row(
        tries=0, counts=False, who=_DEPUTIZE, do="it goes on when the provider's limit resets"
    ),
    Outcome.QUOTA_SPENT: _row(
        tries=0, counts=False, who=_DEPUTIZE, do="it goes on when the quota resets"
    ),
    Outcome.AUTH_FAILED: _row(
        tries=1, who=_PERSON, do="log in to the agent or set its key, then `deputize retry ID`"
    ),
    Outcome.POLICY_DENIED: _row(
        tries=1, who=_PERSON, do="change the task or the policy, then `deputize retry ID`"
    ),
    Outcome.BUDGET_SPENT: _row(
        tries=1,
        who=_PERSON,
        do="raise the budget or make the task smaller, then `deputize retry ID`",
    ),
    Outcome.OUT_OF_DISK: _row(
        tries=0, counts=False, who=_PERSON, do="free some disk space; the task goes on by itself"
    ),
    Outcome.LEASE_LOST: _row(
        tries=WORKER_LOSSES,
        counts=False,
        who=_DEPUTIZE,
        do=_TAKEN_OVER,
    ),
    Outcome.WORKER_LOST: _row(
        tries=WORKER_LOSSES,
        counts=False,
        who=_DEPUTIZE,
        do=_TAKEN_OVER,
    ),
    Outcome.ISOLATION_BROKEN: _row(
        tries=1, who=_PERSON, do="read `deputize show ID` for what was touched; look before a retry"
    ),
    Outcome.BASE_LOST: _row(
        tries=1, who=_PERSON, do="the repository moved or lost the base commit; add the task again"
    ),
    Outcome.CONFLICT: _row(
        tries=2, who=_DEPUTIZE, do="it is reworked once; after that `deputize retry ID` starts over"
    ),
    Outcome.CHECKS_FAILED: _row(
        tries=2,
        who=_DEPUTIZE,
        do="it is reworked once; after that read `deputize show ID`, then `deputize retry ID`",
    ),
    Outcome.REJECTED: _row(tries=1, who=_PERSON, do="`deputize retry ID` starts over"),
    Outcome.PARKED: _row(
        tries=0, counts=False, who=_PERSON, do="answer with `deputize approve` or `deputize deny`"
    ),
    Outcome.NEED_FAILED: _row(
        tries=1, who=_PERSON, do="revive the need with `deputize retry`, and this follows"
    ),
    Outcome.RACE_LOST: _row(
        tries=1, who=_NOBODY, do="nothing; `deputize diff ID` shows what it had done"
    ),
    Outcome.CANCELLED: _row(tries=1, who=_NOBODY, do="`deputize retry ID` revives it"),
}


def is_stalled(outcome: Outcome) -> bool:
    """Tell whether a task that goes on after it needs a person who isn't asked a question."""
    meaning = MEANINGS[outcome]
    return meaning.who_acts is Actor.PERSON and not meaning.counts and outcome is not Outcome.PARKED
