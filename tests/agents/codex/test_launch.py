"""The command line and the environment of one run of Codex."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.base import Job, Provider
from deputize.agents.codex.launch import Setting, launch_of, written
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

TEMPORARY = Path("/own")
MINE = Provider(name="mine", type="openai", base_url="http://x/v1", key_variable="MY_KEY")
JOB = Job(
    prompt="Do it.",
    workspace=Path("/w"),
    environment={"HOME": "/h"},
    secrets={"MY_KEY": "sk-private"},
    model="m",
    provider=MINE,
    state=Path("/state"),
)


def settings(job: Job) -> dict[str, object]:
    """Return what the command line sets, as Codex reads it."""
    argv = launch_of("codex", job, TEMPORARY).argv
    told = [argv[place + 1] for place, each in enumerate(argv) if each == "--config"]
    return tomllib.loads("\n".join(told))


def provider_of(job: Job) -> dict[str, object]:
    """Return the provider that the command line describes."""
    told = settings(job)["model_providers"]
    assert isinstance(told, dict)
    described = told["deputize"]
    assert isinstance(described, dict)
    return described


def test_the_sandbox_is_that_of_the_job() -> None:
    """It writes to the workspace or nowhere; whatever is asked of a person is refused."""
    writing = launch_of("codex", JOB, TEMPORARY).argv
    looking = launch_of("codex", replace(JOB, may_write=False), TEMPORARY).argv
    assert writing[writing.index("--sandbox") + 1] == "workspace-write"
    assert looking[looking.index("--sandbox") + 1] == "read-only"
    assert settings(JOB)["approval_policy"] == "never"
    assert not [each for each in (*writing, *looking) if "danger" in each]


def test_the_prompt_and_the_key_are_no_arguments() -> None:
    """The prompt comes on the input, the key by its variable, which commands don't see."""
    launch = launch_of("codex", JOB, TEMPORARY)
    assert launch.argv[-1] == "-"
    assert "Do it." not in launch.argv
    assert "sk-private" not in " ".join(launch.argv)
    assert launch.environment["MY_KEY"] == "sk-private"
    assert provider_of(JOB)["env_key"] == "MY_KEY"
    hidden = {"exclude": ["CODEX_API_KEY", "MY_KEY"]}
    assert settings(JOB)["shell_environment_policy"] == hidden


def test_a_session_is_resumed_by_its_id() -> None:
    """It stands behind all options."""
    argv = launch_of("codex", replace(JOB, session="abc"), TEMPORARY).argv
    assert argv[-3:] == ("resume", "abc", "-")


def test_who_brings_a_provider_has_a_home_of_its_own() -> None:
    """With a provider, neither login nor settings of the person are shared."""
    assert launch_of("codex", JOB, TEMPORARY).environment["CODEX_HOME"] == "/state"
    own = replace(JOB, provider=None, secrets={})
    assert "CODEX_HOME" not in launch_of("codex", own, TEMPORARY).environment
    assert "model_providers" not in settings(own)


@pytest.mark.parametrize(
    ("given_url", "told"),
    [
        ("https://mine.openai.azure.com", "https://mine.openai.azure.com/openai/v1"),
        ("https://mine.openai.azure.com/", "https://mine.openai.azure.com/openai/v1"),
        ("https://mine.openai.azure.com/openai/v1/", "https://mine.openai.azure.com/openai/v1"),
    ],
)
def test_azure_is_found_below_its_resource(given_url: str, told: str) -> None:
    """The address of a resource is completed; one that leads somewhere is left as it is."""
    azure = replace(MINE, type="azure", base_url=given_url)
    assert provider_of(replace(JOB, provider=azure))["base_url"] == told


def test_ollama_needs_no_key() -> None:
    """A provider without a key is described without one."""
    ollama = Provider(name="local", type="ollama", base_url="http://localhost:11434/v1")
    assert "env_key" not in provider_of(replace(JOB, provider=ollama, secrets={}))


@pytest.mark.parametrize(
    ("change", "outcome", "word"),
    [
        ({"provider": replace(MINE, type="anthropic")}, Outcome.AGENT_ERROR, "anthropic"),
        ({"provider": replace(MINE, wire="completions")}, Outcome.AGENT_ERROR, "completions"),
        ({"model": None}, Outcome.AGENT_ERROR, "model"),
        ({"secrets": {}}, Outcome.AUTH_FAILED, "MY_KEY"),
    ],
)
def test_a_provider_that_can_not_be_used_is_said(
    change: dict[str, object], outcome: Outcome, word: str
) -> None:
    """Nothing is started where it is plain that no model will answer."""
    with pytest.raises(AgentError) as caught:
        launch_of("codex", replace(JOB, **change), TEMPORARY)  # type: ignore[arg-type]
    assert caught.value.outcome == outcome
    assert word in caught.value.message


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.recursive(
        TEXTS | st.booleans() | st.lists(TEXTS),
        lambda inner: st.dictionaries(TEXTS, inner, max_size=3),
    )
)
def test_values_are_written_as_toml(value: Setting) -> None:
    """Any text of a setting, a path among them, is read as it was meant."""
    assert tomllib.loads(f"x = {written(value)}") == {"x": value}
