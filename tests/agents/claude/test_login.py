"""What Claude Code is started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deputize.agents.base import Job, Provider
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.claude.login import SWITCHES, arguments_of, environment_of
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

TEMPORARY = Path("/t")
MINE = Provider(name="mine", type="anthropic", base_url="http://x", key_variable="MY_KEY")
OWN = {"ANTHROPIC_AUTH_TOKEN": "own", "CLAUDE_CODE_USE_BEDROCK": "1", "HOME": "/h", "MY_KEY": "k"}


def _job(**given: Any) -> Job:  # noqa: ANN401 - fields of a job
    return Job(**{"prompt": "p", "workspace": Path("/w"), "environment": {}, **given})


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def test_one_s_own_login_is_left_as_it_is() -> None:
    """Without a provider the user's variables pass, and sessions stay where they keep theirs."""
    job = _job(environment=OWN, secrets={"ANTHROPIC_API_KEY": "s"}, state=Path("/state"))
    environment = environment_of(job, TEMPORARY)
    assert environment == {**OWN, "ANTHROPIC_API_KEY": "s", **SWITCHES, "TMPDIR": "/t"}


def test_a_provider_is_reached_with_nothing_of_one_s_own() -> None:
    """Its address and key are in the environment, once, and the user's own login is not."""
    job = _job(
        environment=OWN, secrets={"MY_KEY": "k"}, provider=MINE, model="m", state=Path("/state")
    )
    assert environment_of(job, TEMPORARY) == {
        "HOME": "/h",
        "ANTHROPIC_BASE_URL": "http://x",
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "m",
        "CLAUDE_CONFIG_DIR": "/state",
        "TMPDIR": "/t",
        **SWITCHES,
    }


def test_a_provider_without_a_key_needs_none() -> None:
    """A place that asks for no key gets one that is none, else the program wants a login."""
    free = Provider(name="mine", type="anthropic", base_url="http://x")
    environment = environment_of(_job(provider=free), TEMPORARY)
    assert environment["ANTHROPIC_API_KEY"] == "none"


def test_a_missing_key_is_named() -> None:
    """The error says which variable is to be set."""
    with pytest.raises(AgentError, match="set MY_KEY") as caught:
        environment_of(_job(provider=MINE), TEMPORARY)
    assert caught.value.outcome is Outcome.AUTH_FAILED


@pytest.mark.anyio
async def test_a_provider_of_another_type_is_refused(tmp_path: Path) -> None:
    """Nothing is started for a provider that the program can't speak with."""
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\ntouch started\n")
    program.chmod(0o755)
    other = Provider(name="mine", type="openai", base_url="http://x/v1")
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    job = Job(prompt="p", workspace=tmp_path, environment=environment, provider=other)
    report = await ClaudeAgent(path=str(program)).run(job, None, [].append)  # type: ignore[arg-type]
    assert report.outcome is Outcome.AGENT_ERROR
    assert "mine is of type openai" in (report.error or "")
    assert _names(tmp_path) == ["claude"]


def test_the_arguments_hold_no_secret_and_no_way_around_the_gate() -> None:
    """What anybody may read in the list of processes says nothing of the login or the prompt."""
    job = _job(prompt="secret", secrets={"MY_KEY": "k3y"}, provider=MINE, model="--bare")
    told = " ".join(arguments_of(job, "s"))
    assert "secret" not in told
    assert "k3y" not in told
    assert "bypass" not in told.lower()
    assert "skip-permissions" not in told
    assert "--permission-mode default" in told
    assert "--setting-sources user " in told
    assert arguments_of(job, "s")[-2:] == ("--model=--bare", "--resume=s")
    assert arguments_of(job, "s", begins=True)[-1] == "--session-id=s"
