"""The closed set of outcomes: each says what follows from it, and who has to act."""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import deputize.model
from deputize.model.event import EVENT_KINDS
from deputize.model.outcome import MEANINGS, WORKER_LOSSES, Actor, Outcome

RETRYABLE = {
    *(Outcome.NO_CHANGE, Outcome.AGENT_ERROR, Outcome.AGENT_CRASHED, Outcome.IDLE_TIMEOUT),
    *(Outcome.TIME_LIMIT, Outcome.SETUP_FAILED, Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT),
    *(Outcome.OUT_OF_DISK, Outcome.LEASE_LOST, Outcome.WORKER_LOST, Outcome.CONFLICT),
    *(Outcome.CHECKS_FAILED, Outcome.PARKED, Outcome.UNUSABLE_ANSWER),
}
UNLIMITED = {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT, Outcome.OUT_OF_DISK, Outcome.PARKED}
UNCOUNTED = {
    *(Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT, Outcome.OUT_OF_DISK, Outcome.LEASE_LOST),
    *(Outcome.WORKER_LOST, Outcome.PARKED),
}


def test_every_outcome_has_a_meaning_and_says_what_to_do() -> None:
    """The table is complete, and where a person has to act it names something to do."""
    assert list(MEANINGS) == list(Outcome)
    for outcome, meaning in MEANINGS.items():
        assert meaning.what_to_do, outcome
        assert (meaning.default_tries == 0) == (outcome in UNLIMITED), outcome
        if meaning.who_acts is Actor.PERSON:
            assert len(meaning.what_to_do) > 10, outcome


def test_exactly_these_are_tried_again_and_these_do_not_count() -> None:
    """An agent's own failure is not retried unless asked; the death of a worker is no try."""
    assert {o for o, meaning in MEANINGS.items() if meaning.retryable} == RETRYABLE
    assert {o for o, meaning in MEANINGS.items() if not meaning.counts} == UNCOUNTED
    assert MEANINGS[Outcome.WORKER_LOST].default_tries == WORKER_LOSSES == 10


@pytest.mark.parametrize("module", [found.name for found in iter_modules(deputize.model.__path__)])
def test_every_noun_is_frozen(module: str) -> None:
    """A value that was handed on is never changed behind anybody's back."""
    found = import_module(f"deputize.model.{module}")
    nouns: list[Any] = [noun for noun in vars(found).values() if is_dataclass(noun)]
    assert [noun for noun in nouns if not noun.__dataclass_params__.frozen] == []


def test_kinds_of_events_are_nouns_and_what_happened_to_them() -> None:
    """Each is `noun.past_participle`, with a line that says what it means."""
    for kind, meaning in EVENT_KINDS.items():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", kind)
        assert meaning == meaning.strip() != ""
