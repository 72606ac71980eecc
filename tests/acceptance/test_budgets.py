"""Budgets with a real agent program that tells what it uses, answered by the scripted model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import MODEL_NAME, RunShell, Scene, Script, ScriptedModel, Turn
from deputize.demo.model.answer import INPUT_TOKENS, OUTPUT_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"
A_CALL = INPUT_TOKENS + OUTPUT_TOKENS
"""What the scripted model says that one answer took, in tokens."""


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve a model that works long at first, and that ends at once where it is resumed."""
    long = (
        Turn(steps=(RunShell(command="echo one more line >> notes.txt"),)),
        Turn(steps=(RunShell(command="true"),)),
        Turn(say="never said", wait_for="never"),
    )
    short = (Turn(say="The line is in notes.txt."),)
    scenes = (
        Scene(name="resumed", contains="You have worked on this before", turns=short),
        Scene(name="notes", contains=TASK, turns=long),
    )
    with ScriptedModel(Script(scenes=scenes)) as served:
        yield served


@pytest.fixture
def copilot(copilot: House) -> House:
    """Give the house of Copilot at a dollar for each token."""
    copilot.configure_more(
        f"""
        [[models]]
        name = "{MODEL_NAME}"
        input_usd = 1_000_000
        output_usd = 1_000_000
        """
    )
    return copilot


def add(house: House, *words: str) -> int:
    """Queue the task."""
    return int(house.cli("add", "-q", "--no-start", "--agent", "copilot", *words, TASK))


def until_asked(house: House, task: int) -> dict[str, Any]:
    """Wait until a task waits for a person's word about its budget; return it."""
    house.until_waiting(task, "a1: the budget of")
    return house.look(task)


def test_a_spent_budget_parks_the_task_and_a_yes_lets_it_go_on(copilot: House) -> None:
    """What the agent had done is kept, and the next attempt goes on from there."""
    task = add(copilot, "--budget-tokens", str(A_CALL + 1))
    copilot.up()
    parked = until_asked(copilot, task)
    (first,) = parked["attempts"]
    assert (parked["state"], first["outcome"]) == ("queued", "parked")
    assert first["error"].startswith(f"the budget of #{task} is spent: ")
    used = first["usage"]["input_tokens"] + first["usage"]["output_tokens"]
    assert used == 2 * A_CALL
    assert first["usage"]["cost_usd"] == float(used)
    copilot.cli("approve", "a1")
    done = copilot.until(task)
    assert done["state"] == "done", done
    assert copilot.repo.git("show", "main:notes.txt") == "one more line"


def test_what_is_granted_is_enough_to_end(copilot: House) -> None:
    """Two calls go beyond a budget in dollars; with as much again, the third is within."""
    task = add(copilot, "--budget-usd", str(1.9 * A_CALL))
    copilot.up()
    copilot.until_waiting(task, "a1: the budget of")
    copilot.cli("approve", "a1")
    done = copilot.until(task)
    assert done["state"] == "done", done
    outcomes = [attempt["outcome"] for attempt in done["attempts"]]
    assert outcomes == ["parked", "succeeded"]
    assert copilot.repo.git("show", "main:notes.txt") == "one more line"
    (day, agent) = sorted(copilot.json("stats")["spent"], key=lambda one: str(one["scope"]))
    assert (day["tokens"], day["cost_usd"]) == (3 * A_CALL, float(3 * A_CALL))
    assert (agent["scope"], agent["name"], agent["budget"]) == ("provider", "scripted", None)
    (taken,) = copilot.json("stats")["usage"]
    assert (taken["agent"], taken["provider"], taken["attempt_count"]) == ("copilot", "scripted", 2)
    assert taken["input_tokens"] + taken["output_tokens"] == 3 * A_CALL
    assert (taken["unpriced_tokens"], taken["cost_usd"]) == (0, float(3 * A_CALL))
    assert "copilot at scripted" in copilot.cli("stats")


def test_a_no_cancels_the_task(copilot: House) -> None:
    """And says why."""
    copilot.up()
    task = add(copilot, "--budget-tokens", "1")
    copilot.until_waiting(task, "a1: the budget of")
    copilot.cli("deny", "a1")
    cancelled = copilot.until(task)
    assert (cancelled["state"], cancelled["error"]["reason"]) == ("cancelled", "budget_spent")


def test_a_days_budget_holds_back_whatever_comes(copilot: House) -> None:
    """All wait at one barrier, one question asks, and a yes opens it."""
    copilot.configure_more("[budget.day]\ntokens = 1")
    copilot.up()
    first = add(copilot)
    copilot.until_waiting(first, "a person: the budget of the day")
    second = add(copilot)
    copilot.until_waiting(second, "a person: the budget of the day")
    (question,) = copilot.json("approvals")
    assert question["subject"].startswith("budget of the day")
    assert question["deadline_at"]
    assert copilot.look(second)["attempts"] == []
