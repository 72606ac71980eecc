"""Small rules of the nouns: titles, usage, and why a task is not moving."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.model.attempt import NO_USAGE, Usage
from deputize.model.change import CheckResult
from deputize.model.states import FINAL_TASK_STATES, ChangeState, TaskState
from deputize.model.task import TITLE_LENGTH, title_of
from deputize.model.waiting import Facts, Seats, waiting_for
from tests.fixtures.nouns import NOON, a_change, a_task, an_approval

if TYPE_CHECKING:
    from deputize.model.task import Task

HOSTILE = st.text(
    st.sampled_from("a \t\n\r\x00\x1b[31m\x9b\u202e\u2066\u200b\udc80\ufeffé中") | st.characters()
)
ANY_SEAT = Seats((), 1)


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Fix the typo", "Fix the typo"),
        ("\n\n  Fix it  \nmore", "Fix it"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("\x1b\x1b\nhello", "hello"),
        ("\u202eevil\u2066", "evil"),
        ("\x00\udc80", "untitled"),
        ("x" * 200, "x" * 71 + "…"),
        ("word " * 40, ("word " * 15)[:71].rstrip() + "…"),
    ],
)
def test_a_title_is_the_first_line_with_something_in_it(prompt: str, title: str) -> None:
    """What can't be shown is left out, and what is too long is cut."""
    assert title_of(prompt) == title


@given(HOSTILE)
def test_a_title_is_short_and_safe_to_show_whatever_the_prompt(prompt: str) -> None:
    """One line, never empty, within its length, of nothing but printable characters."""
    title = title_of(prompt)
    assert 0 < len(title) <= TITLE_LENGTH
    assert title.isprintable()
    assert title == title.strip()


def test_usage_adds_up() -> None:
    """Counts are added; the cost is known only where it is known of all that was used."""
    first = Usage(input_tokens=1, output_tokens=2, cached_tokens=3, cost_usd="0.10")
    second = Usage(input_tokens=10, output_tokens=20, cached_tokens=30, cost_usd="0.2")
    unpriced = Usage(input_tokens=5)
    assert first.plus(second) == Usage(
        input_tokens=11, output_tokens=22, cached_tokens=33, cost_usd="0.30"
    )
    assert NO_USAGE.plus(first) == first.plus(NO_USAGE) == first
    assert first.plus(unpriced).cost_usd is unpriced.plus(first).cost_usd is None
    assert NO_USAGE.plus(NO_USAGE) == NO_USAGE
    assert first.plus(Usage(cost_usd="much")).cost_usd is None


@pytest.mark.parametrize(
    ("exit_code", "passed"), [(0, True), (1, False), (-9, False), (None, False)]
)
def test_a_check_has_passed_only_with_exit_code_0(exit_code: int | None, *, passed: bool) -> None:
    """Neither a signal nor running out of time is a pass."""
    result = CheckResult(name="t", command="make", exit_code=exit_code, seconds=1, output="")
    assert result.passed is passed


def why(task: Task, **facts: Any) -> str | None:  # noqa: ANN401 - any fact
    """Say what the task waits for at noon, with one idle worker that takes any role."""
    plain: dict[str, Any] = {"seats": [ANY_SEAT], "now": NOON}
    return waiting_for(task, Facts(**(plain | facts)))


@pytest.mark.parametrize("state", sorted(FINAL_TASK_STATES))
def test_what_is_final_waits_for_nothing(state: TaskState) -> None:
    """Not even where it was held or asked about."""
    assert why(a_task(state=state, held=True), approvals=[an_approval()]) is None


def test_each_reason_to_wait_has_its_line() -> None:
    """Held, asked, needing, delayed, without a worker, without a slot, or about to be taken."""
    queued, blocked = a_task(id=12), a_task(id=12, state=TaskState.BLOCKED)
    later = NOON + timedelta(hours=1)
    assert why(a_task(id=12, held=True)) == "a person: it is held (`deputize release 12`)"
    assert why(queued, approvals=[an_approval(id=3)]) == "a3: 3 files under .github/"
    assert why(blocked, unmet=[7, 9]) == "needs #7, #9"
    assert str(why(a_task(not_before=later))).startswith("its time: 2026-03-01 ")
    tried = a_task(not_before=later, started_at=NOON)
    assert str(why(tried)).startswith("its next try at 2026-03-01 ")
    assert why(a_task(not_before=NOON)) == "a worker to take it"
    assert why(queued, barred="quota of codex until 17:00") == "quota of codex until 17:00"
    assert why(queued, seats=()) == "writer worker: none running (`deputize up`)"
    testers, both = Seats(("tester",), 3), Seats(("tester", "writer"), 1)
    assert why(queued, seats=[testers]) == "writer worker: none running (`deputize up`)"
    assert why(queued, seats=[both]) == "a worker to take it"
    busy = [Seats((), 0), testers, Seats(("writer",), -1)]
    assert why(queued, seats=busy) == "a free slot"
    assert why(queued, seats=busy, aged=3) == "a free slot; waiting has made it priority 3"
    assert why(queued, seats=[*busy, both], aged=3) == "a worker to take it"


def test_a_running_task_waits_only_to_be_stopped() -> None:
    """While it is at work there is nothing to wait for."""
    assert why(a_task(state=TaskState.RUNNING)) is None
    stopping = a_task(state=TaskState.RUNNING, cancel_requested=True)
    assert why(stopping) == "its agent to stop"


def test_a_landing_task_says_where_its_change_stands() -> None:
    """In its checks, without a worker, behind something named, or simply in line."""
    task = a_task(state=TaskState.LANDING)
    reason = "your checkout of main has\n  local changes in a.py"
    assert why(task) is None
    assert why(task, change=a_change(id=4, state=ChangeState.CHECKING)) == "checks of c4"
    waiting = a_change(id=4, reason=reason)
    assert why(task, change=waiting) == "your checkout of main has local changes in a.py"
    nobody = why(task, change=waiting, is_landed=False)
    assert nobody == "a worker to land it: none running (`deputize up`)"
    assert why(task, change=a_change(id=4)) == "its turn to land (c4)"


@given(HOSTILE)
def test_the_line_is_one_line_whatever_a_repository_calls_its_commands(reason: str) -> None:
    """A line break in a reason never makes two lines of it."""
    line = why(a_task(), approvals=[an_approval(reason=reason)])
    assert line is not None
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("usage", "nothing"),
    [
        (NO_USAGE, True),
        (Usage(cost_usd="0"), True),
        (Usage(cost_usd="0.01"), False),
        (Usage(reasoning_tokens=1, cost_usd="0"), False),
    ],
)
def test_a_usage_is_nothing_without_tokens_and_money(usage: Usage, nothing: bool) -> None:  # noqa: FBT001 - a row
    """A cost of 0 is no more than none."""
    assert usage.is_nothing is nothing
