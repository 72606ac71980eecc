"""What a running attempt is told to do, from facts alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deputize.model.activity import Activity, Doing, Turn
from deputize.surfaces.cli.activity import in_words
from tests.fixtures.nouns import NOON


def activity(turn: Turn, unheard: float, **more: object) -> Activity:
    """Make what is known of an attempt of which nothing was heard for so many seconds."""
    heard_at = NOON - timedelta(seconds=unheard)
    known = Activity(turn=turn, what="", since=NOON - timedelta(seconds=300), heard_at=heard_at)
    return known._replace(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("turn", "unheard", "doing"),
    [
        (Turn.PERMISSION, 0, Doing.WAITING_FOR_PERMISSION),
        (Turn.PERMISSION, 900, Doing.WAITING_FOR_PERMISSION),
        (Turn.TOOL, 900, Doing.WORKING),
        (Turn.MODEL, 19, Doing.WORKING),
        (Turn.MODEL, 20, Doing.WAITING_FOR_MODEL),
        (Turn.MODEL, 60, Doing.SILENT),
        (Turn.AGENT, 59, Doing.WORKING),
        (Turn.AGENT, 60, Doing.SILENT),
        (Turn.AGENT, -5, Doing.WORKING),
    ],
)
def test_it_follows_from_whose_turn_it_is_and_what_was_heard(
    turn: Turn, unheard: float, doing: Doing
) -> None:
    """A tool may run for long; a model that answers nothing is silent some day."""
    assert activity(turn, unheard).doing(NOON) is doing


def test_it_is_said_with_how_long_it_has_been_so() -> None:
    """And, of what is silent, with what its processes do meanwhile."""
    tool = activity(Turn.TOOL, 240, what="shell make test")
    assert in_words(tool, NOON) == "working: shell make test, 5m"
    asked = activity(Turn.PERMISSION, 1, what="write a.py")
    assert in_words(asked, NOON) == "waiting for permission: write a.py, 5m"
    assert in_words(activity(Turn.MODEL, 40), NOON) == "waiting for the model, 40s"
    assert in_words(activity(Turn.MODEL, 3), NOON) == "working"
    silent = activity(Turn.AGENT, 240)
    assert in_words(silent, NOON) == "silent for 4m"
    busy = silent._replace(process_count=2, cpu_seconds=3.0)
    assert in_words(busy, NOON) == "silent for 4m; its processes work"
    still = silent._replace(process_count=2, cpu_seconds=0.0)
    assert in_words(still, NOON) == "silent for 4m; its processes only wait"
    gone = silent._replace(process_count=0, cpu_seconds=0.0)
    assert in_words(gone, NOON) == "silent for 4m; none of its processes is left"
