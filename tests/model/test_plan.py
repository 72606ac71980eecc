"""Plans: their order, their circles, and what their tasks' states make of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.model.plan import PlanState, circle_in, in_order, state_of
from deputize.model.states import FINAL_TASK_STATES, TaskState

DONE, FAILED, CANCELLED = TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED
GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, size - 1), max_size=3), min_size=size, max_size=size
    )
)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({DONE: 3}, PlanState.DONE),
        ({DONE: 3, FAILED: 1}, PlanState.FAILED),
        ({CANCELLED: 1}, PlanState.FAILED),
        *[
            ({DONE: 3, FAILED: 1, state: 1}, PlanState.OPEN)
            for state in TaskState
            if state not in FINAL_TASK_STATES
        ],
        ({DONE: 1, TaskState.QUEUED: 0}, PlanState.DONE),
    ],
)
def test_a_plan_stands_where_its_tasks_stand(
    counts: dict[TaskState, int], state: PlanState
) -> None:
    """Open while one is; then done only where all are."""
    assert state_of(counts) is state


@given(GRAPHS)
def test_each_comes_after_what_it_needs_or_there_is_a_circle(needs: list[list[int]]) -> None:
    """One or the other, never both; and a circle is one indeed."""
    order, circle = in_order(needs), circle_in(needs)
    seen: set[int] = set()
    for place in order:
        assert seen.issuperset(needs[place])
        seen.add(place)
    assert bool(circle) == (len(order) < len(needs))
    for place, need in pairwise(circle):
        assert need in needs[place]
    if circle:
        assert circle[0] == circle[-1]
        assert len(set(circle)) == len(circle) - 1


def test_what_is_in_order_stays_as_it_is() -> None:
    """Whoever writes tasks in an order that works finds them in it."""
    assert in_order([[], [0], [], [1, 2], [0]]) == [0, 1, 2, 3, 4]
    assert in_order([[2], [], []]) == [1, 2, 0]


def test_a_long_chain_is_no_recursion() -> None:
    """Ten thousand tasks, each needing the one before."""
    chain = [[], *([place] for place in range(9999))]
    assert in_order(chain) == list(range(10_000))
    assert len(circle_in([[9999], *chain[1:]])) == 10_001
