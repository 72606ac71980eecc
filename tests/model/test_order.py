"""Who is next in line, and what has to wait in it: pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.fallback import Dry, dry
from deputize.model.limits import NO_LIMITS, Limits
from deputize.model.order import NOTHING, Busy, Front, barred, in_order, next_ones, why_barred
from deputize.model.task import Place
from tests.fixtures.nouns import NOON, a_task

HOUR = 3600


def front(priority: int, waited: float = 0) -> Front:
    """Make the first task of a priority, that has waited so many seconds."""
    return Front(priority, NOON - timedelta(seconds=waited))


def busy(**changed: object) -> Busy:
    """Make a running task."""
    plain: dict[str, object] = {
        "role": "writer", "agent": "copilot", "provider": None, "git_dir": "/a/.git",
        "labels": (), "lock": None,
    }  # fmt: skip
    return Busy(**(plain | changed))  # type: ignore[arg-type]


def barrier(kind: BarrierKind, name: str = "", until: datetime | None = None) -> Barrier:
    """Close something."""
    cause = Cause.LIMIT if until else Cause.PERSON
    return Barrier(kind=kind, name=name, cause=cause, since=NOON, until=until, by="ada")


def test_the_most_urgent_line_is_served_first() -> None:
    """However the fronts are listed."""
    assert in_order([front(5), front(1), front(10)], NOON, HOUR) == [1, 5, 10]


def test_waiting_makes_urgent_and_never_more_than_critical() -> None:
    """A priority for each hour; what waited longer goes first among equals."""
    assert in_order([front(4), front(5, HOUR)], NOON, HOUR) == [5, 4]
    assert in_order([front(4), front(5, HOUR - 1)], NOON, HOUR) == [4, 5]
    assert in_order([front(1, 10), front(10, 100 * HOUR)], NOON, HOUR) == [10, 1]
    assert in_order([front(1, 200 * HOUR), front(10, 100 * HOUR)], NOON, HOUR) == [1, 10]


class Standing(NamedTuple):
    """A task in a line."""

    front: Front
    name: str


def test_of_several_lines_each_gives_its_first_as_long_as_it_is_the_most_urgent() -> None:
    """A line keeps its order, also where a later task of it has waited longer."""
    lines = [
        Standing(front(5, 2 * HOUR), "a"),
        Standing(front(5), "b"),
        Standing(front(5, 9 * HOUR), "c"),
        Standing(front(4), "d"),
    ]
    assert [each.name for each in next_ones(lines, 9, NOON, HOUR)] == ["a", "d", "b", "c"]
    assert [each.name for each in next_ones(lines, 2, NOON, HOUR)] == ["a", "d"]
    assert next_ones(lines, 0, NOON, HOUR) == []


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(0, 90 * HOUR)), max_size=12))
def test_several_are_those_that_would_be_taken_one_by_one(found: list[tuple[int, int]]) -> None:
    """The first of all that are left, again and again."""
    left = [Standing(front(*each), str(place)) for place, each in enumerate(found)]
    chosen = next_ones(left, len(found), NOON, HOUR)
    for expected in chosen:
        heads: dict[int, Standing] = {}
        for each in left:
            heads.setdefault(each.front.priority, each)
        first = in_order([each.front for each in heads.values()], NOON, HOUR)[0]
        assert heads[first] == expected
        left.remove(expected)
    assert left == []


@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(-HOUR, 90 * HOUR)), unique_by=lambda p: p[0])
)
def test_every_line_is_served_and_a_longer_wait_never_moves_it_back(
    found: list[tuple[int, int]],
) -> None:
    """Each priority once, and ageing is monotonic; a clock set back harms nobody."""
    fronts = [front(priority, waited) for priority, waited in found]
    served = in_order(fronts, NOON, HOUR)
    assert sorted(served) == sorted(priority for priority, _ in found)
    for place, (priority, waited) in enumerate(found):
        older = [*fronts[:place], front(priority, waited + 5 * HOUR), *fronts[place + 1 :]]
        assert in_order(older, NOON, HOUR).index(priority) <= served.index(priority)


def test_without_limits_nothing_is_barred() -> None:
    """However much runs."""
    assert barred([busy(lock="db"), busy()], NO_LIMITS, []) == NOTHING


@pytest.mark.parametrize(
    ("limits", "field", "full"),
    [
        (Limits(roles={"writer": 2, "tester": 1}), "roles", {"writer"}),
        (Limits(agents={"copilot": 2, "codex": 0}), "agents", {"copilot", "codex"}),
        (Limits(providers={"anthropic": 1}), "providers", {"anthropic"}),
        (Limits(labels={"gpu": 1, "slow": 2}), "labels", {"gpu"}),
        (Limits(repository=2), "repositories", {"/a/.git"}),
        (Limits(repository=3), "repositories", set()),
    ],
)
def test_what_is_full_is_barred(limits: Limits, field: str, full: set[str]) -> None:
    """Exactly where as many run as may."""
    running = [busy(provider="anthropic"), busy(labels=("gpu", "slow"))]
    assert getattr(barred(running, limits, []), field) == full


def test_a_closed_gate_bars_what_is_behind_it() -> None:
    """All, a role, a plan, an agent, a provider: each in its own list."""
    barriers = [
        *(
            barrier(BarrierKind.ROLE, "tester"),
            barrier(BarrierKind.PLAN, "3"),
            barrier(BarrierKind.AGENT, "codex"),
        ),
        barrier(BarrierKind.PROVIDER, "anthropic", NOON),
    ]
    found = barred([], NO_LIMITS, barriers)
    assert (set(found.roles), set(found.plans)) == ({"tester"}, {3})
    assert (set(found.agents), set(found.providers)) == ({"codex"}, set())
    assert dry(barriers) == Dry(providers=frozenset({"anthropic"}))
    assert not found.everything
    assert barred([], NO_LIMITS, [barrier(BarrierKind.ALL)]).everything


def test_each_bar_says_what_opens_it() -> None:
    """A person's pause before a limit, a limit before what others take."""
    task = a_task(plan=3, provider="anthropic", labels=("gpu",), lock="db", git_dir="/a/.git")
    until = (NOON + timedelta(days=400)).astimezone()
    limit = barrier(BarrierKind.PROVIDER, "anthropic", until)

    def why(
        *barriers: Barrier, running: tuple[Busy, ...] = (), limits: Limits = NO_LIMITS
    ) -> str | None:
        return why_barred(task, running, limits, barriers)

    assert why() is None
    assert why(barrier(BarrierKind.ROLE, "tester")) is None
    assert why(barrier(BarrierKind.ALL)) == "a person: everything is paused (`deputize resume`)"
    paused = why(limit, barrier(BarrierKind.ROLE, "writer"))
    assert paused == "a person: role writer is paused (`deputize resume --role writer`)"
    assert why(limit) == f"quota of anthropic until {until:%Y-%m-%d %H:%M}"
    full = why(running=(busy(),), limits=Limits(roles={"writer": 1}))
    assert full == "its turn: 1 of role writer at once"
    full = why(running=(busy(labels=("gpu",)),), limits=Limits(labels={"gpu": 1}))
    assert full == "its turn: 1 of label gpu at once"
    assert (
        why(running=(busy(),), limits=Limits(repository=1))
        == "its turn: 1 of this repository at once"
    )
    assert why(running=(busy(lock="db", task=7),)) == "its turn: lock db is taken by #7"
    there = a_task(place=Place.IN_PLACE, lock="checkout:/a")
    said = why_barred(there, (busy(lock="checkout:/a", task=7),), NO_LIMITS, ())
    assert said == "its turn: #7 works in the same checkout"
