"""Sessions of the real Copilot runtime, from their names to their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.demo.model import ModelRequest
    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Write a line, wait for the gate, and say so, each time anew."""
    turns = (
        Turn(steps=(RunShell(command="echo one more line >> notes.txt"),)),
        Turn(say="The line is in notes.txt.", wait_for="go"),
    )
    with ScriptedModel(Script(scenes=(Scene(name="notes", contains=TASK, turns=turns),))) as made:
        yield made


def second_turn(request: ModelRequest) -> bool:
    """Tell whether a request is the one that waits at the gate."""
    return request.turn == 1


def listed(house: House) -> dict[str, Any]:
    """Return the only session."""
    (session,) = house.json("sessions", "list")
    assert isinstance(session, dict)
    return session


def test_tasks_go_on_in_a_session_that_was_named_beforehand(
    copilot: House, model: ScriptedModel
) -> None:
    """The first begins it, the second goes on; then it is forgotten, with its files."""
    model.open("go")
    token = copilot.cli("sessions", "init", "copilot").strip()
    kept = copilot.home.agents / "copilot" / "session-state" / token
    copilot.up()
    first = int(copilot.cli("sessions", "resume", token, TASK, "-q", "--no-start"))
    done = copilot.until(first)
    assert [attempt["session"] for attempt in done["attempts"]] == [token]
    assert kept.is_dir()
    session = listed(copilot)
    assert (session["session"], session["task"], session["number"]) == (token, first, 1)
    assert (session["provider"], session["provider_type"]) == ("scripted", "openai")
    assert (session["base_url"], session["allow_all"]) == (model.openai_url, False)
    second = int(copilot.cli("add", "-q", "--no-start", "--session", token, TASK))
    done = copilot.until(second)
    assert [attempt["session"] for attempt in done["attempts"]] == [token]
    assert listed(copilot)["task"] == second
    asked = [request for request in model.requests if request.scene]
    assert TASK in asked[-1].prompt
    copilot.cli("sessions", "destroy", token)
    assert not kept.exists()
    assert copilot.json("sessions", "list") == []


def test_a_task_that_was_cancelled_goes_on_in_its_session(
    copilot: House, model: ScriptedModel
) -> None:
    """`retry --resume` takes it up where it was, in a new process, on top of its work."""
    copilot.up()
    task = int(copilot.cli("add", "-q", "--no-start", "--agent", "copilot", TASK))
    model.wait_for_request(second_turn, timeout_seconds=30)
    copilot.cli("cancel", str(task))
    assert copilot.until(task)["state"] == "cancelled"
    model.open("go")
    copilot.cli("retry", str(task), "--resume")
    done = copilot.until(task)
    assert done["state"] == "done", done
    first, second = done["attempts"]
    assert first["session"] == second["session"] == listed(copilot)["session"]
    assert copilot.repo.git("show", "main:notes.txt") == "one more line\none more line"
