"""Agents are checked: step by step, with the canary that the gate refuses, and a small task."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import MODEL_NAME, Hang, Scene, Script, ScriptedModel, Turn
from deputize.desk.check.trials import CANARY_FILE, CANARY_PROMPT
from tests.fixtures.checks import OBEDIENT, TASK
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

TINY_AGENT = Path(__file__).parents[1] / "agents" / "tiny_agent.py"


@pytest.fixture
def script() -> Script:
    """Do what a check asks for."""
    return OBEDIENT


@pytest.fixture
def model(script: Script) -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(script) as served:
        yield served


def states(document: dict[str, Any]) -> dict[str, str]:
    """Return how each step went."""
    return {step["step"]: step["state"] for step in document["steps"]}


def check(house: House, *words: str) -> tuple[int, dict[str, Any]]:
    """Check an agent, and return the exit code and the document."""
    spoken = house.say("check", *words, "--json")
    assert spoken.out, spoken
    return spoken.code, json.loads(spoken.out)


def kept(house: House) -> list[tuple[Any, ...]]:
    """Return what is in the store of each check."""
    return house.rows("SELECT agent, version, canary FROM agent_checks ORDER BY id")


def test_copilot_passes_with_its_canary_held(copilot: House, model: ScriptedModel) -> None:
    """The real runtime goes through all steps, obeys the gate, and edits a file."""
    code, document = check(copilot, "copilot")
    assert code == 0, document
    assert (document["canary"], document["passed"]) == ("held", True)
    assert states(document) == {
        **dict.fromkeys(("config", "start", "ping", "session", "prompt"), "ok"),
        **dict.fromkeys(("answer", "stop", "canary", "task"), "ok"),
        "auth": "not_applicable",
    }
    assert document["login"] == "provider scripted, key in SCRIPTED_KEY"
    assert kept(copilot) == [("copilot", document["version"] or "", "held")]
    ((body,),) = copilot.rows("SELECT body FROM events WHERE kind = 'agent.checked'")
    assert json.loads(body)["steps"]["canary"] == "ok"
    assert "dummy" not in body
    assert {request.scene for request in model.requests} == {"canary", "task"}
    assert copilot.processes() == {}
    shown = {agent["name"]: agent for agent in copilot.json("agents")}
    assert shown["copilot"]["check"] == document
    assert shown["copilot"]["how"] == "config"
    assert shown["copilot"]["login"] == {"text": document["login"], "there": True}
    assert (shown["goose"]["check"], "canary held" in copilot.cli("agents")) == (None, True)
    assert "canary held" in copilot.say("doctor").out


def test_copilot_without_a_login_fails_before_any_session(copilot: House) -> None:
    """Where nobody is logged in, that is said before a session is begun."""
    copilot.configure_more(f"[agents.bare]\nkind = 'copilot'\npath = '{_runtime(copilot)}'")
    code, document = check(copilot, "bare")
    assert code == 1
    assert (states(document)["ping"], states(document)["auth"]) == ("ok", "failed")
    assert states(document)["session"] == "not_reached"
    assert document["canary"] is None
    assert document["login"] == "the login that Copilot has stored"


def _runtime(house: House) -> str:
    (line,) = (each for each in house.home.config.read_text().splitlines() if "path =" in each)
    return line.partition('"')[2].rstrip('"')


def test_a_token_that_nobody_takes_is_named_but_not_shown(copilot: House) -> None:
    """The link of the chain is named by its variable, and the token stands nowhere."""
    copilot.configure_more(f"[agents.bare]\nkind = 'copilot'\npath = '{_runtime(copilot)}'")
    copilot.environment["GH_TOKEN"] = "ghp_" + "1" * 36
    spoken = copilot.say("check", "bare")
    assert spoken.code == 1
    assert "token in GH_TOKEN" in spoken.out
    assert "ghp_1" not in spoken.out + spoken.err
    assert "ghp_1" not in str(copilot.rows("SELECT * FROM agent_checks"))


def test_byok_uses_the_one_provider(copilot: House, model: ScriptedModel) -> None:
    """`--byok` goes around the login, to the only provider that there is."""
    copilot.configure_more(
        f"[agents.bare]\nkind = 'copilot'\npath = '{_runtime(copilot)}'\nmodel = 'scripted-model'"
    )
    code, document = check(copilot, "bare", "--byok")
    assert (code, document["canary"]) == (0, "held"), document
    assert document["login"] == "provider scripted, key in SCRIPTED_KEY"
    assert model.requests


def test_a_command_s_canary_is_not_enforced_by_the_gate(house: House, model: ScriptedModel) -> None:
    """What isn't put to the gate is no pass: it is said, and the rest is checked all the same."""
    house.configure(
        f"""[agents.tiny]
        kind = "command"
        command = ["{sys.executable}", "-I", "{TINY_AGENT}"]
        env = ["MODEL_URL"]
        """
    )
    house.environment["MODEL_URL"] = model.openai_url
    spoken = house.say("check", "tiny")
    assert spoken.code == 0, spoken
    lines = {line.split()[0]: line for line in spoken.out.splitlines()}
    assert "not enforced by the gate" in lines["canary"]
    assert "not applicable" in lines["session"]
    assert kept(house) == [("tiny", "", "unseen")]


def test_an_agent_that_does_nothing_does_not_pass(house: House) -> None:
    """Ending well is not enough: the file of the small task has to say what was asked for."""
    house.configure("[agents.idle]\nkind = 'command'\ncommand = ['true']")
    code, document = check(house, "idle")
    assert (code, document["passed"]) == (1, False)
    assert (states(document)["answer"], states(document)["task"]) == ("ok", "failed")


@pytest.mark.parametrize("script", [Script(scenes=(Scene(name="lazy", turns=(Turn(say="no"),)),))])
def test_a_model_that_tries_no_write_proves_nothing(copilot: House, model: ScriptedModel) -> None:
    """Without a write that was refused the canary is not held: the check fails."""
    code, document = check(copilot, "copilot")
    assert (code, document["canary"]) == (1, None)
    assert (states(document)["canary"], states(document)["task"]) == ("failed", "failed")
    assert model.requests


HANGS = Script(
    scenes=(
        Scene(name="hangs", contains=CANARY_PROMPT[:40], turns=(Turn(fault=Hang()),)),
        TASK,
    )
)


@pytest.mark.parametrize("script", [HANGS])
def test_a_check_ends_in_time_and_leaves_nothing(copilot: House) -> None:
    """When the time is over the step under way failed, and no process is left."""
    code, document = check(copilot, "copilot", "--timeout", "3")
    assert code == 1
    assert (states(document)["canary"], states(document)["task"]) == ("not_reached", "not_reached")
    (failed,) = (step for step in document["steps"] if step["state"] == "failed")
    assert "longer than 3 s" in failed["text"]
    assert copilot.processes() == {}


@pytest.mark.parametrize("script", [HANGS])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_check_leaves_nothing(
    copilot: House, model: ScriptedModel, number: int, code: int
) -> None:
    """Ctrl-C and SIGTERM end the agent with all that it started, and nothing is kept."""
    running = copilot.start("check", "copilot")
    model.wait_for_request(CANARY_FILE, timeout_seconds=30)
    running.tell(number)
    assert running.wait() == code
    wait_until(lambda: copilot.processes() == {})
    assert kept(copilot) == []


def test_what_can_t_be_checked_is_said_at_once(copilot: House) -> None:
    """An unknown agent or provider is a wrong argument; a missing key is a wrong setting."""
    assert copilot.say("check", "copilt").code == 2
    assert copilot.say("check", "copilot", "--provider", "nobody").code == 2
    assert copilot.say("check", "goose", "--byok").code == 2
    del copilot.environment["SCRIPTED_KEY"]
    spoken = copilot.say("check", "copilot")
    assert (spoken.code, "export SCRIPTED_KEY" in spoken.err) == (3, True)
    copilot.configure_more("[agents.empty]\nkind = 'command'")
    assert copilot.say("check", "empty").code == 3
    assert kept(copilot) == []


def test_a_program_that_is_not_there_fails_at_the_first_step(house: House) -> None:
    """A missing program is a result, which is kept."""
    house.configure("[agents.gone]\nkind = 'command'\ncommand = ['no-such-program']")
    code, document = check(house, "gone")
    assert code == 1
    assert states(document)["config"] == "failed"
    assert set(states(document).values()) == {"failed", "not_reached"}
    assert kept(house) == [("gone", "", None)]


def test_no_agent_checks_itself(copilot: House) -> None:
    """A process that an attempt has started may not check: it could write its own testimony."""
    copilot.configure()
    task = copilot.add(f"{sys.executable} -m deputize check shell; echo code $?")
    copilot.up()
    copilot.until(task)
    assert "can't check agents" in copilot.log(task)
    assert kept(copilot) == []


@pytest.mark.real
def test_codex_is_refused_by_its_own_sandbox(
    house: House, model: ScriptedModel, codex_program: Path
) -> None:
    """The gate sees nothing, its sandbox lets nothing pass, and the small task is done."""
    house.configure(
        f"""[providers.scripted]
        type = "openai"
        base_url = "{model.openai_url}"
        key_variable = "SCRIPTED_KEY"
        [agents.codex]
        path = "{codex_program}"
        model = "{MODEL_NAME}"
        """
    )
    house.environment["SCRIPTED_KEY"] = "dummy"
    code, document = check(house, "codex", "--byok")
    assert (code, document["canary"]) == (0, "unseen"), document
    assert states(document)["session"] == "ok"
    assert "its own sandbox" in next(
        step["text"] for step in document["steps"] if step["step"] == "canary"
    )


@pytest.mark.real
def test_claude_passes_with_its_canary_held(
    house: House, model: ScriptedModel, claude_program: Path
) -> None:
    """The real Claude Code puts the canary's write to the gate, and does the small task."""
    house.configure(
        f"""[providers.scripted]
        type = "anthropic"
        base_url = "{model.base_url}"
        key_variable = "SCRIPTED_KEY"
        [agents.claude]
        path = "{claude_program}"
        model = "{MODEL_NAME}"
        """
    )
    house.environment["SCRIPTED_KEY"] = "dummy"
    code, document = check(house, "claude", "--byok")
    assert (code, document["canary"], document["passed"]) == (0, "held", True), document
    assert states(document)["canary"] == "ok"
    ((agent, version, canary),) = kept(house)
    assert (agent, canary) == ("claude", "held")
    assert version.startswith("2.")
