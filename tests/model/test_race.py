"""Who wins a race, and what a change in it may do, as things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deputize.model.race import (
    AskedJudge,
    Entrant,
    Judge,
    Judging,
    Race,
    Runner,
    Standing,
    Turn,
    choose,
    entrant_of,
    judge_of,
    runner_of,
    stands,
    to_judge,
    told,
    turn_of,
)
from deputize.model.states import FINAL_TASK_STATES, ChangeState, TaskState
from tests.fixtures.nouns import COMMIT, NOON, TREE, a_change, a_task

if TYPE_CHECKING:
    from deputize.model.change import Change

OPEN = Entrant(1, None, Standing.OPEN)
OUT = Entrant(2, 12, Standing.OUT, 1)
LARGE = Entrant(3, 13, Standing.PASSED, 9, "c")
SMALL = Entrant(4, 14, Standing.PASSED, 2, "b")
SAME = Entrant(5, 11, Standing.PASSED, 2, "b")
OTHER = Entrant(6, 16, Standing.PASSED, 5, "a")
PASSED: dict[str, Any] = {"state": ChangeState.QUEUED, "candidate": COMMIT}


@pytest.mark.parametrize(
    ("judge", "entrants", "chosen"),
    [
        (Judge.CHECKS, [OPEN, OUT], None),
        (Judge.CHECKS, [OPEN, OUT, LARGE, SMALL], 13),
        (Judge.CHECKS, [OUT], None),
        (Judge.SMALLEST, [OPEN, LARGE, SMALL], None),
        (Judge.SMALLEST, [OUT, LARGE, SMALL], 14),
        (Judge.SMALLEST, [LARGE, SMALL, SAME], 11),
        (Judge.SMALLEST, [OUT], None),
        (Judge.SMALLEST, [], None),
    ],
)
def test_a_judge_chooses(judge: Judge, entrants: list[Entrant], chosen: int | None) -> None:
    """The first that has passed, or the smallest once all have ended; alike, the earlier one."""
    assert choose(Race(1, judge, None, entrants)) == chosen


def asked(*changes: int, is_over: bool = True, best: int | None = None, task: int = 9) -> Judging:
    """Make an agent's look at some changes."""
    return Judging(task, changes, is_over, best)


@pytest.mark.parametrize(
    ("entrants", "judging", "to_ask", "chosen"),
    [
        ([OPEN, LARGE, SMALL], None, [], None),
        ([OUT], None, [], None),
        ([], None, [], None),
        ([OUT, LARGE], None, [], 13),
        ([SMALL, SAME], None, [], 11),
        ([LARGE, SMALL, OTHER], None, [16, 14, 13], None),
        ([LARGE, SMALL, SAME], None, [11, 13], None),
        ([LARGE, SMALL], asked(14, 13, is_over=False), [], None),
        ([LARGE, SMALL], asked(14, 13, best=13), [], 13),
        ([LARGE, SMALL], asked(14, 13), [], 14),
        # One is lost while they are judged, or after that: what was said of the rest holds.
        ([OUT, LARGE, SMALL], asked(16, 14, 13, is_over=False), [], None),
        ([OUT, LARGE, SMALL], asked(16, 14, 13, best=13), [], 13),
        ([OUT, LARGE, SMALL], asked(16, 14, 13), [], 14),
        ([OUT, LARGE], asked(14, 13, is_over=False), [], 13),
        # The best one is lost: who is the best of the rest has not been said.
        ([OUT, LARGE, SMALL], asked(16, 14, 13, best=16), [14, 13], None),
        # One has come that nobody was asked about.
        ([LARGE, SMALL, OTHER], asked(14, 13, best=13), [16, 14, 13], None),
        ([LARGE, SMALL, OTHER], asked(14, 13, is_over=False), [16, 14, 13], None),
        ([OPEN, LARGE, SMALL], asked(14, 13, best=13), [], None),
    ],
)
def test_an_agent_is_asked_where_it_has_a_choice(
    entrants: list[Entrant], judging: Judging | None, to_ask: list[int], chosen: int | None
) -> None:
    """Once all have ended, about those that differ; where it could not say, the smallest lands."""
    race = Race(1, Judge.AGENT, None, entrants, judging)
    assert (to_judge(race), choose(race)) == (to_ask, chosen)


def test_only_an_agent_is_asked_and_only_while_nothing_is_chosen() -> None:
    """Other judges need nobody, and what is chosen stands."""
    passed = [LARGE, SMALL]
    assert to_judge(Race(1, Judge.SMALLEST, None, passed)) == []
    assert to_judge(Race(1, Judge.AGENT, 13, passed)) == []


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("at", ChangeState)
def test_an_entrant_has_passed_where_only_landing_is_left(
    state: TaskState, at: ChangeState
) -> None:
    """Its checks are behind it and its task lands; what has ended is out, all else is open."""
    for candidate in (None, COMMIT):
        change = a_change(id=7, state=at, candidate=candidate)
        found = entrant_of(a_task(id=3, state=state, finished_at=NOON), change)
        is_passed = state is TaskState.LANDING and at is ChangeState.QUEUED and bool(candidate)
        expected = Standing.PASSED if is_passed else Standing.OPEN
        if state in FINAL_TASK_STATES:
            expected = Standing.OUT
        assert found == Entrant(3, 7, expected, 4, TREE)


def test_without_a_change_an_entrant_is_open_until_its_end() -> None:
    """One that is asked to stop is out, though its change has passed."""
    assert entrant_of(a_task(id=3), None) == Entrant(3, None, Standing.OPEN)
    failed = a_task(id=3, state=TaskState.FAILED)
    assert entrant_of(failed, None) == Entrant(3, None, Standing.OUT)
    asked = a_task(id=3, state=TaskState.LANDING, cancel_requested=True)
    assert entrant_of(asked, a_change(**PASSED)).standing is Standing.OUT


@pytest.mark.parametrize(
    ("judge", "chosen", "entrants", "change", "turn"),
    [
        (Judge.CHECKS, None, [OPEN], a_change(id=7), Turn.CHECK),
        (Judge.CHECKS, None, [OPEN, LARGE], a_change(id=7), Turn.WAIT),
        (Judge.CHECKS, None, [OPEN, LARGE], a_change(id=13, **PASSED), Turn.LAND),
        (Judge.CHECKS, 13, [OPEN, SMALL], a_change(id=14, **PASSED), Turn.WAIT),
        (Judge.CHECKS, 13, [OPEN], a_change(id=13), Turn.LAND),
        (Judge.SMALLEST, None, [OPEN, LARGE], a_change(id=7), Turn.CHECK),
        (Judge.SMALLEST, None, [OPEN, LARGE], a_change(id=13, **PASSED), Turn.WAIT),
        (Judge.SMALLEST, None, [OUT, LARGE], a_change(id=13, **PASSED), Turn.LAND),
        (Judge.AGENT, None, [OPEN, LARGE, SMALL], a_change(id=7), Turn.CHECK),
        (Judge.AGENT, None, [OPEN, LARGE, SMALL], a_change(id=13, **PASSED), Turn.WAIT),
        (Judge.AGENT, None, [OUT, LARGE, SMALL], a_change(id=13, **PASSED), Turn.ASK),
        (Judge.AGENT, None, [OUT, LARGE], a_change(id=13, **PASSED), Turn.LAND),
    ],
)
def test_a_change_has_its_turn(
    judge: Judge, chosen: int | None, entrants: list[Entrant], change: Change, turn: Turn
) -> None:
    """Only what is chosen lands; what another waits for is checked, unless one is chosen."""
    assert turn_of(Race(1, judge, chosen, entrants), change) is turn


@pytest.mark.parametrize("state", ChangeState)
def test_what_was_chosen_stands_until_it_is_lost(state: ChangeState) -> None:
    """Landed or on its way; what was sent back, refused or withdrawn makes room for another."""
    lost = {"superseded", "quarantined", "rejected", "withdrawn"}
    assert stands(a_change(state=state)) is (state not in lost)


def test_who_waits_is_told_for_whom() -> None:
    """For the one that is chosen, else for those that are not at their end."""
    assert told(Race(1, Judge.SMALLEST, None, [OPEN, LARGE])) == "to be judged with #1"
    assert told(Race(1, Judge.CHECKS, None, [OPEN, LARGE])) == "c13 comes first"
    assert told(Race(1, Judge.SMALLEST, 13, [OPEN, LARGE])) == "c13 comes first"


def test_who_waits_for_an_agent_is_told_so() -> None:
    """That it is going to judge, judges, or has chosen."""
    both = [LARGE, SMALL]
    assert told(Race(1, Judge.AGENT, None, both)) == "an agent is going to judge it"
    judging = asked(14, 13, is_over=False)
    assert told(Race(1, Judge.AGENT, None, both, judging)) == "#9 judges it"
    assert told(Race(1, Judge.AGENT, None, [*both, OTHER], judging)) == (
        "an agent is going to judge it"
    )
    chosen = asked(14, 13, best=13)
    assert told(Race(1, Judge.AGENT, None, both, chosen)) == "c13 comes first"


def test_a_judge_is_read_as_it_is_typed() -> None:
    """Only an agent has a name, and a model."""
    assert judge_of("checks") == AskedJudge()
    assert judge_of("agent") == AskedJudge(Judge.AGENT)
    assert judge_of("agent:a:qwen:7b") == AskedJudge(Judge.AGENT, Runner("a", "qwen:7b"))
    for word in ("smallest", "agent", "agent:a", "agent:a:qwen:7b"):
        found = judge_of(word)
        assert found is not None
        assert found.label == word
    for word in ("", "agents", "agent:", "checks:a", "Agent", "smallest:"):
        assert judge_of(word) is None


def test_a_model_may_have_colons() -> None:
    """An agent has none."""
    assert runner_of("copilot") == Runner("copilot")
    assert runner_of("a:qwen:7b") == Runner("a", "qwen:7b")
    assert [runner_of(word).label for word in ("a", "a:qwen:7b")] == ["a", "a:qwen:7b"]
