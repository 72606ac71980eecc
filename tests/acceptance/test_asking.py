"""A tool call that a person has to allow: answered while the agent waits, or days later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"
COMMAND = "echo one more line >> notes.txt"
TURNS = (Turn(steps=(RunShell(command=COMMAND),)), Turn(say="It is done."))
SCRIPT = Script(scenes=(Scene(name="notes", contains=TASK, turns=TURNS),))
ASK = "[policy]\nask_commands = ['echo']\n"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(SCRIPT) as served:
        yield served


def add(house: House) -> int:
    """Queue the task."""
    return int(house.cli("add", "-q", "--no-start", "--agent", "copilot", TASK))


def asked(house: House) -> dict[str, Any]:
    """Return the one open question, once there is one."""
    found: list[dict[str, Any]] = wait_until(lambda: house.json("approvals"), deadline_seconds=60)
    (question,) = found
    return question


def test_an_answer_lets_a_waiting_agent_go_on(copilot: House) -> None:
    """The attempt that asked is the one that makes the call; what was asked is shown whole."""
    copilot.configure_more(ASK)
    copilot.up()
    task = add(copilot)
    question = asked(copilot)
    assert question["subject"] == f"shell: {COMMAND} (#{task}, copilot)"
    assert question["reason"] == "policy.ask_commands: a person is asked about `echo`"
    copilot.cli("approve", f"a{question['id']}")
    done = copilot.until(task)
    assert (done["state"], len(done["attempts"])) == ("done", 1), done
    assert copilot.repo.git("show", "main:notes.txt") == "one more line"


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_that_takes_long_finds_the_task_parked(copilot: House, answer: str) -> None:
    """Its slot is free meanwhile; with the answer its session goes on, and keeps to that."""
    copilot.configure_more(f"{ASK}wait_seconds = 1\n")
    copilot.up()
    task = add(copilot)
    question = asked(copilot)
    assert copilot.until(task, "queued")["attempts"][0]["outcome"] == "parked"
    assert f"a{question['id']}" in copilot.until_waiting(task, "a person")
    copilot.cli(answer, f"a{question['id']}", "--reason", "as you like")
    ended = copilot.until(task)
    first, second = ended["attempts"]
    assert (first["outcome"], second["outcome"]) == (
        "parked",
        "succeeded" if answer == "approve" else "no_change",
    ), ended
    assert first["session"] == second["session"]
    assert not copilot.json("approvals")
    if answer == "approve":
        assert copilot.repo.git("show", "main:notes.txt") == "one more line"
    else:
        (use,) = second["tools"]
        assert use["denied_count"] == 1


def test_nobody_s_answer_is_a_no_once_the_deadline_has_passed(copilot: House) -> None:
    """The trail says that it was nobody."""
    copilot.configure_more(f"{ASK}answer_seconds = 1\n")
    copilot.up()
    ended = copilot.until(add(copilot))
    assert ended["change"] is None
    ((by, words),) = copilot.rows("SELECT answered_by, answer FROM approvals")
    assert (by, words) == ("deadline", "nobody answered in time")


def test_a_yes_for_the_rule_asks_nobody_again_in_the_repository(copilot: House) -> None:
    """The next task makes such a call at once."""
    copilot.configure_more(ASK)
    copilot.up()
    first = add(copilot)
    copilot.cli("approve", f"a{asked(copilot)['id']}", "--for", "rule")
    copilot.until(first)
    second = copilot.until(add(copilot))
    assert second["state"] == "done", second
    assert len(copilot.rows("SELECT id FROM approvals")) == 1


def test_a_question_outlives_the_worker_that_asked(copilot: House) -> None:
    """Killed while its agent waits: the task is taken up once somebody has answered."""
    copilot.configure_more(ASK)
    worker = copilot.up()
    task = add(copilot)
    question = asked(copilot)
    worker.kill()
    copilot.up()
    copilot.until(task, "queued")
    copilot.cli("approve", f"a{question['id']}")
    done = copilot.until(task)
    assert done["state"] == "done", done
    assert [attempt["outcome"] for attempt in done["attempts"]] == ["worker_lost", "succeeded"]
    assert len(copilot.rows("SELECT id FROM approvals")) == 1
