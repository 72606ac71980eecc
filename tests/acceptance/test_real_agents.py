"""Real agent programs do queued tasks, answered by the scripted model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    MODEL_NAME,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
)
from tests.fixtures.house import LAND
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.demo.model import ModelRequest
    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"


def script() -> Script:
    """Write a line, wait for the gate, and say so."""
    turns = (
        Turn(steps=(RunShell(command="echo one more line >> notes.txt"),)),
        Turn(say="The line is in notes.txt.", wait_for="go"),
    )
    return Script(scenes=(Scene(name="notes", contains=TASK, turns=turns),))


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(script()) as served:
        yield served


def second_turn(request: ModelRequest) -> bool:
    """Tell whether a request is the one that waits at the gate."""
    return request.turn == 1


def add(house: House, agent: str) -> int:
    """Queue the task for an agent."""
    return int(house.cli("add", "-q", "--no-start", "--agent", agent, TASK))


def test_copilot_does_a_queued_task_and_it_lands(copilot: House, model: ScriptedModel) -> None:
    """The real runtime edits its workspace, and the branch gets what it did."""
    model.open("go")
    copilot.up()
    done = copilot.until(add(copilot, "copilot"))
    assert done["state"] == "done", done
    assert copilot.repo.git("show", "main:notes.txt") == "one more line"
    (attempt,) = done["attempts"]
    assert attempt["usage"]["input_tokens"] > 0
    assert attempt["session"]
    assert attempt["summary"] == "The line is in notes.txt."
    call = f"{MODEL_NAME}: {INPUT_TOKENS} in ({CACHED_TOKENS} cached), {OUTPUT_TOKENS} out"
    told = copilot.cli("logs", str(done["id"]))
    assert told.count(f"◦ {call} ({REASONING_TOKENS} reasoning), unpriced") == 2
    calls = copilot.rows(
        "SELECT kind, body FROM events WHERE kind LIKE 'attempt.tool%' ORDER BY id"
    )
    assert [kind for kind, _ in calls] == ["attempt.tool_decided", "attempt.tool_finished"]
    decided, finished = (json.loads(body) for _, body in calls)
    assert (decided["verdict"], decided["session"]) == ("allow", attempt["session"])
    assert "notes.txt" in decided["arguments"]
    assert (finished["ok"], finished["session"]) == (True, attempt["session"])
    story = copilot.cli("audit", "--task", str(done["id"]), "--format", "md")
    assert story.index("attempt.tool_decided: `allow`") < story.index("change.landed: ")


def test_copilot_is_held_to_the_tools_of_its_role(copilot: House, model: ScriptedModel) -> None:
    """A call of another kind is refused before it is carried out, and stands in the journal."""
    copilot.configure_more(
        "[roles.reader]\nchange = 'allowed'\ntools = ['read', 'other']\nagent = 'copilot'"
    )
    model.open("go")
    copilot.up()
    task = int(copilot.cli("add", "-q", "--no-start", "--role", "reader", TASK))
    ended = copilot.until(task)
    assert ended["change"] is None
    ((kind, body),) = copilot.rows(
        "SELECT kind, body FROM events WHERE kind = 'attempt.tool_decided'"
    )
    assert (kind, "this role may not use shell tools" in body) == ("attempt.tool_decided", True)
    assert [use["denied_count"] for use in ended["attempts"][0]["tools"]] == [1]


def test_copilot_is_held_to_the_policy_of_a_repository(
    copilot: House, model: ScriptedModel
) -> None:
    """What it blocks is not carried out, however home is set, and people can ask why."""
    copilot.repo.commit(deputize__toml="[policy]\nblocked_commands = ['echo']\n")
    model.open("go")
    copilot.up()
    ended = copilot.until(add(copilot, "copilot"))
    assert ended["change"] is None
    assert [use["denied_count"] for use in ended["attempts"][0]["tools"]] == [1]
    told = copilot.json("policy", "explain", str(ended["id"]))
    (refused,) = told["decisions"]
    assert refused["body"]["rule"] == "deputize.toml (main) policy.blocked_commands"
    assert refused["body"]["reason"] == "`echo` is blocked"


def test_a_killed_worker_s_copilot_session_goes_on_where_it_was(
    copilot: House, model: ScriptedModel
) -> None:
    """After kill -9, the next attempt resumes the session on top of the work that was saved."""
    worker = copilot.up()
    task = add(copilot, "copilot")
    model.wait_for_request(second_turn, timeout_seconds=30)
    worker.kill()
    model.open("go")
    copilot.up()
    done = copilot.until(task)
    assert done["state"] == "done", done
    first, second = done["attempts"]
    assert (first["outcome"], second["outcome"]) == ("worker_lost", "succeeded")
    assert first["session"] == second["session"]
    assert copilot.repo.git("show", "main:notes.txt") == "one more line\none more line"


def test_cancelling_ends_copilot_and_everything_it_started(
    copilot: House, model: ScriptedModel
) -> None:
    """A cancelled task's runtime is gone, and its work is kept by a ref."""
    worker = copilot.up()
    task = add(copilot, "copilot")
    model.wait_for_request(second_turn, timeout_seconds=30)
    copilot.cli("cancel", str(task))
    ended = copilot.until(task)
    assert ended["state"] == "cancelled"
    assert "notes.txt" in copilot.mirror().git("show", "--stat", f"refs/deputize/{task}/1")
    wait_until(lambda: set(copilot.processes()) == {worker.pid})


@pytest.mark.real
def test_claude_does_a_queued_task_and_it_lands(
    house: House, model: ScriptedModel, claude_program: Path
) -> None:
    """The real Claude Code edits its workspace with a provider of one's own."""
    house.configure(
        f"""{LAND}
        [providers.scripted]
        type = "anthropic"
        base_url = "{model.base_url}"
        key_variable = "SCRIPTED_KEY"

        [agents.claude]
        path = "{claude_program}"
        provider = "scripted"
        model = "{MODEL_NAME}"
        """
    )
    house.environment |= {"SCRIPTED_KEY": "dummy"}
    model.open("go")
    house.up()
    done = house.until(add(house, "claude"))
    assert done["state"] == "done", done
    assert house.repo.git("show", "main:notes.txt") == "one more line"
    (attempt,) = done["attempts"]
    assert attempt["usage"]["input_tokens"] == 2 * INPUT_TOKENS
    assert attempt["summary"] == "The line is in notes.txt."
    assert {request.key for request in model.requests if request.scene} == {"dummy"}


@pytest.mark.real
def test_goose_does_a_queued_task_and_it_lands(
    house: House, model: ScriptedModel, goose_program: Path
) -> None:
    """The real goose, spoken to over the Agent Client Protocol, edits its workspace."""
    house.configure(
        f"""{LAND}
        [agents.goose]
        command = ["{goose_program}", "acp", "--with-builtin", "developer"]
        """
    )
    house.environment |= {
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": MODEL_NAME,
        "OPENAI_API_KEY": "dummy",
        "OPENAI_HOST": model.base_url,
        "GOOSE_DISABLE_KEYRING": "1",
        "GOOSE_TELEMETRY_ENABLED": "false",
    }
    model.open("go")
    house.up()
    done = house.until(add(house, "goose"))
    assert done["state"] == "done", done
    assert house.repo.git("show", "main:notes.txt") == "one more line"


def let_codex_work(house: House, model: ScriptedModel, program: Path) -> None:
    """Give Codex a provider of one's own, whose key is in a variable."""
    house.configure(
        f"""{LAND}
        [providers.scripted]
        type = "openai"
        base_url = "{model.openai_url}"
        key_variable = "SCRIPTED_KEY"
        [agents.codex]
        path = "{program}"
        model = "{MODEL_NAME}"
        provider = "scripted"
        """
    )
    house.environment["SCRIPTED_KEY"] = "dummy"
    model.open("go")


@pytest.mark.real
def test_codex_does_a_queued_task_and_it_lands(
    house: House, model: ScriptedModel, codex_program: Path
) -> None:
    """The real Codex edits its workspace, inside of its own sandbox inside of ours."""
    let_codex_work(house, model, codex_program)
    house.up()
    done = house.until(add(house, "codex"))
    assert done["state"] == "done", done
    assert house.repo.git("show", "main:notes.txt") == "one more line"
    (attempt,) = done["attempts"]
    assert attempt["usage"]["input_tokens"] == 2 * INPUT_TOKENS
    assert attempt["session"]
    assert attempt["summary"] == "The line is in notes.txt."


@pytest.mark.real
def test_codex_can_not_write_where_a_task_only_looks(
    house: House, model: ScriptedModel, codex_program: Path
) -> None:
    """A read-only task's command leaves nothing behind, and the task ends without a change."""
    let_codex_work(house, model, codex_program)
    house.up()
    task = int(house.cli("add", "-q", "--no-start", "--agent", "codex", "--read-only", TASK))
    ended = house.until(task)
    assert (ended["state"], ended["change"]) == ("done", None), ended
