"""What an agent tells of tokens and dollars is read with doubt."""

from __future__ import annotations

import math

import pytest

from deputize.model.attempt import MOST_TOKENS_TOLD, cost_in, count_in


@pytest.mark.parametrize(
    ("told", "count"),
    [
        (7, 7),
        (7.9, 7),
        (-1, 0),
        (10**400, MOST_TOKENS_TOLD),
        (math.inf, 0),
        (math.nan, 0),
        (True, 0),
        ("7", 0),
        (None, 0),
    ],
)
def test_a_number_of_tokens_is_a_number(told: object, count: int) -> None:
    """What is none counts nothing: a yes is not one token."""
    assert count_in(told) == count


@pytest.mark.parametrize(
    ("told", "cost"),
    [(0.25, "0.25"), (0, "0"), (-1, None), (math.inf, None), (True, None), ("1", None)],
)
def test_a_cost_is_a_number(told: object, cost: str | None) -> None:
    """What is none is no cost, not even one of nothing."""
    assert cost_in(told) == cost
