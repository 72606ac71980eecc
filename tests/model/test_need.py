"""What the state of a need means for the task that waits."""

from __future__ import annotations

import pytest

from deputize.model.need import VERDICTS, Need, On, Verdict, verdict_on
from deputize.model.states import FINAL_TASK_STATES, TaskState

DONE, FAILED, RUNNING = TaskState.DONE, TaskState.FAILED, TaskState.RUNNING


def test_every_state_of_a_need_has_a_verdict() -> None:
    """What is not final is open, what is done is met, and only an end is met by a failure."""
    for on in On:
        assert set(VERDICTS[on]) == set(TaskState)
        for state, verdict in VERDICTS[on].items():
            assert (verdict is Verdict.OPEN) == (state not in FINAL_TASK_STATES)
        assert VERDICTS[on][DONE] is Verdict.MET
        lost = Verdict.MET if on is On.END else Verdict.LOST
        assert VERDICTS[on][FAILED] is VERDICTS[on][TaskState.CANCELLED] is lost


@pytest.mark.parametrize(
    ("needs", "verdict"),
    [
        ([], Verdict.MET),
        ([(On.DONE, DONE), (On.END, FAILED)], Verdict.MET),
        ([(On.DONE, DONE), (On.DONE, RUNNING)], Verdict.OPEN),
        ([(On.END, RUNNING), (On.LANDED, FAILED)], Verdict.LOST),
    ],
)
def test_what_is_lost_decides_then_what_is_open(
    needs: list[tuple[On, TaskState]], verdict: Verdict
) -> None:
    """Nobody waits for the rest where one need can't be met any more."""
    found = ((Need(id=number, on=on), state) for number, (on, state) in enumerate(needs, 1))
    assert verdict_on(found) is verdict
