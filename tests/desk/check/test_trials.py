"""Canary and small task are judged by files and by what the gate was asked."""

from __future__ import annotations

import pytest

from deputize.desk.check.trials import (
    CANARY_FILE,
    TASK_AFTER,
    TASK_BEFORE,
    Denial,
    is_refusal,
    judge_task,
)
from deputize.desk.check.trials import judge_canary as judge
from deputize.model.agent_check import Canary, StepState
from deputize.model.policy import Action, Decision, Tool, Verdict


@pytest.mark.parametrize(
    ("exists", "refused", "how", "canary", "state"),
    [
        (False, True, Denial.GATE, Canary.HELD, StepState.OK),
        (False, True, Denial.UNKNOWN, Canary.HELD, StepState.OK),
        (True, True, Denial.GATE, Canary.FAILED, StepState.FAILED),
        (True, True, Denial.UNKNOWN, Canary.FAILED, StepState.FAILED),
        (True, False, Denial.GATE, Canary.FAILED, StepState.FAILED),
        (True, False, Denial.UNKNOWN, Canary.UNSEEN, StepState.UNSEEN),
        (False, False, Denial.UNKNOWN, Canary.UNSEEN, StepState.UNSEEN),
        (True, False, Denial.SANDBOX, Canary.FAILED, StepState.FAILED),
        (False, False, Denial.SANDBOX, Canary.UNSEEN, StepState.UNSEEN),
        (False, False, Denial.GATE, None, StepState.FAILED),
    ],
)
def test_a_canary_is_held_only_where_a_refusal_was_obeyed(
    exists: bool,  # noqa: FBT001 - a row of the table
    refused: bool,  # noqa: FBT001
    how: Denial,
    canary: Canary | None,
    state: StepState,
) -> None:
    """A file that is there never passes, and neither does one that nobody tried to write."""
    judged = judge(exists=exists, refused=refused, how=how)
    assert (judged.canary, judged.state) == (canary, state)


@pytest.mark.parametrize(
    ("tool", "path", "verdict", "refused"),
    [
        (Tool.WRITE, "x", Verdict.DENY, True),
        (Tool.SHELL, "x", Verdict.DENY, True),
        (Tool.OTHER, f"sub/{CANARY_FILE}", Verdict.DENY, True),
        (Tool.OTHER, "a list of things to do", Verdict.DENY, False),
        (Tool.WRITE, CANARY_FILE, Verdict.ALLOW, False),
    ],
)
def test_only_a_refused_write_counts(
    tool: Tool,
    path: str,
    verdict: Verdict,
    refused: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """That a harmless tool was refused says nothing about the file."""
    action = Action(tool=tool, name="any", summary="any", paths=(path,))
    assert is_refusal(action, Decision(verdict=verdict, rule="r", reason="r")) is refused


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (TASK_AFTER, StepState.OK),
        (TASK_AFTER.strip(), StepState.OK),
        (TASK_BEFORE, StepState.FAILED),
        ("", StepState.FAILED),
        (None, StepState.FAILED),
    ],
)
def test_the_small_task_is_judged_by_its_file(left: str | None, state: StepState) -> None:
    """White space aside, the file has to say what was asked for."""
    assert judge_task(left).state is state
