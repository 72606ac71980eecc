"""The rails in front of a plan's tasks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.surfaces.cli.rails import NODE, rails

DRAWINGS = [
    ([[], [0], [1]], ["●", "●", "●"]),
    ([[], []], ["●", "●"]),
    ([[], [0], [0], [1, 2]], ["●", "├─●", "● │", "●─╯"]),
    ([[], [], [0, 1], []], ["●", "│ ●", "●─╯", "●"]),
    ([[], [], [], [0, 2], [1], [0]], ["●", "│ ●", "│ │ ●", "├─│─●", "│ ●", "●"]),
    ([[], [], [], [0, 1, 2], [1]], ["●", "│ ●", "│ │ ●", "●─┼─╯", "  ●"]),
]


@pytest.mark.parametrize(("needs", "drawn"), DRAWINGS)
def test_a_rail_runs_to_the_last_that_needs_it(needs: list[list[int]], drawn: list[str]) -> None:
    """What comes in is joined to the task; what only passes is not."""
    assert [line.rstrip() for line in rails(needs)] == drawn


@given(st.lists(st.sets(st.integers(0, 30), max_size=4), max_size=31))
def test_every_task_has_one_node_and_all_lines_are_as_wide(asked: list[set[int]]) -> None:
    """Whatever the graph; one that is too wide has nodes alone."""
    needs = [sorted(need for need in found if need < row) for row, found in enumerate(asked)]
    lines = rails(needs)
    assert len(lines) == len(needs)
    assert all(line.count(NODE) == 1 for line in lines)
    assert len({len(line) for line in lines}) <= 1


def test_what_would_be_too_wide_is_not_drawn() -> None:
    """A hundred tasks that all wait for a last one have no rails."""
    assert set(rails([*([] for _ in range(100)), list(range(100))])) == {NODE}
