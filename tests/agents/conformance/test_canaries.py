"""What a policy denies does not happen, with the real program of each adapter that asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.gate.holding import in_workspace
from deputize.model.policy import Tool, Verdict
from deputize.model.ruleset import PolicySettings, Subject, policy_for
from tests.agents.scenes import DOOR, PAGE

if TYPE_CHECKING:
    from deputize.agents.base import Gate
    from deputize.model.policy import Action, Decision
    from tests.agents.rigs import Rig

pytestmark = pytest.mark.anyio

SECRET = "the tree behind the house"
POLICY = PolicySettings(
    blocked_commands=("touch", "cat", "head", "tail", "curl", "python3"), hosts=("example.org",)
)


def gate_of(rig: Rig, answers: list[Decision], *, may_write: bool = True) -> Gate:
    """Return the gate of an attempt under the policy; what it answers is kept."""
    subject = Subject(role="writer", agent=rig.kind.name)
    bounds = Bounds(
        workspace=str(rig.workspace),
        may_write=may_write,
        own=(str(rig.state),),
        policy=in_workspace(policy_for(POLICY, subject), rig.workspace),
        hidden=(str(rig.workspace.parent / "outside.txt"),),
    )

    async def record(_: Action, decision: Decision) -> None:
        answers.append(decision)

    return gate_for(bounds, record)


@pytest.fixture(autouse=True)
def _asks(rig: Rig) -> None:
    if not rig.kind.asks:
        pytest.skip("its tool calls are not seen: its own sandbox denies")


async def test_a_file_that_may_not_be_written_is_not_there(rig: Rig) -> None:
    """Where a task may only read."""
    answers: list[Decision] = []
    gate = gate_of(rig, answers, may_write=False)
    await rig.run(rig.job("Please write the note."), gate=gate)
    assert [decision.rule for decision in answers] == ["read-only"]
    assert not (rig.workspace / "note.txt").exists()


async def test_a_command_that_is_blocked_is_not_run(rig: Rig) -> None:
    """It leaves no trace, and the agent is told the rule."""
    if not rig.kind.runs_commands:
        pytest.skip("it runs no commands")
    answers: list[Decision] = []
    run = await rig.run(rig.job("Please run the command."), gate=gate_of(rig, answers))
    assert [action.tool for action in run.asked] == [Tool.SHELL]
    assert [decision.rule for decision in answers] == ["policy.blocked_commands"]
    assert not (rig.workspace / "ran.txt").exists()


async def test_a_secret_outside_reaches_no_model(rig: Rig) -> None:
    """Neither by a tool that reads files nor by a command."""
    if not rig.kind.runs_commands:
        pytest.skip("it reads nothing outside")
    (rig.workspace.parent / "outside.txt").write_text(SECRET, encoding="utf-8")
    answers: list[Decision] = []
    await rig.run(rig.job("Please look outside."), gate=gate_of(rig, answers))
    assert answers
    assert {decision.verdict for decision in answers} == {Verdict.DENY}
    told = json.dumps([request.body for request in rig.model.requests])
    assert "look outside" in told
    assert SECRET not in told


async def test_an_address_that_is_not_allowed_is_not_asked(rig: Rig) -> None:
    """The gate hears of the host, or of the command that would ask it."""
    if not rig.kind.runs_commands:
        pytest.skip("it asks nobody")
    answers: list[Decision] = []
    run = await rig.run(rig.job("Please fetch the page."), gate=gate_of(rig, answers))
    assert answers
    assert {decision.verdict for decision in answers} == {Verdict.DENY}
    (asked,) = run.asked
    assert PAGE in asked.arguments
    DOOR.settimeout(0)
    with pytest.raises(BlockingIOError):
        DOOR.accept()
