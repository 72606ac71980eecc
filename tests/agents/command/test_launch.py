"""How a description and a job become what is started."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deputize.agents.base import Job, Provider
from deputize.agents.command.launch import LONGEST_ARGUMENT, Launch, launch_of
from deputize.errors import AgentError
from deputize.model.agent import AgentSettings, Handing

FOLDER = Path("/run/of/its/own")
PROVIDER = Provider(
    name="work", type="openai", base_url='http://m/v1?a="b"', key_variable="WORK_KEY"
)
JOB = Job(
    prompt="do {model} it", workspace=Path("/w"), environment={"A": "1"}, secrets={"WORK_KEY": "k"}
)


def launched(job: Job = JOB, /, **said: Any) -> Launch:  # noqa: ANN401 - any setting
    """Describe a program and launch it."""
    settings = AgentSettings(command=("prog",))._replace(**said)
    return launch_of(settings, job, FOLDER)


@pytest.mark.parametrize(
    ("said", "argv", "stdin"),
    [
        ({}, ["prog"], b"do {model} it"),
        ({"command": ("prog", "-p={prompt}", "x")}, ["prog", "-p=do {model} it", "x"], b""),
        ({"prompt": "argument"}, ["prog", "do {model} it"], b""),
        ({"prompt": "file"}, ["prog", f"{FOLDER}/prompt.md"], b""),
        ({"command": ("prog", "@{prompt_file}")}, ["prog", f"@{FOLDER}/prompt.md"], b""),
        ({"prompt": "stdin"}, ["prog"], b"do {model} it"),
        (
            {"command": ("prog", "{output}", "{workspace}")},
            ["prog", f"{FOLDER}/output", "/w"],
            None,
        ),
        ({"command": ("prog", "{print $1} {}")}, ["prog", "{print $1} {}"], None),
    ],
)
def test_the_prompt_goes_in_as_it_is_described(
    said: dict[str, object], argv: list[str], stdin: bytes | None
) -> None:
    """On stdin, as an argument, or in a file; what a prompt says is never taken for a place."""
    launch = launched(**said)
    assert list(launch.argv) == argv
    assert stdin in {None, launch.stdin}


def test_a_prompt_that_no_argument_can_hold_is_refused() -> None:
    """Bytes count, and all that stands in the argument; where else it can go is said."""
    longest = "ü" + "x" * (LONGEST_ARGUMENT - len("--p=ü".encode()))
    said = {"command": ("prog", "--p={prompt}")}
    assert launched(replace(JOB, prompt=longest), **said).argv == ("prog", f"--p={longest}")
    with pytest.raises(AgentError, match="stdin"):
        launched(replace(JOB, prompt=f"{longest}x"), **said)


def test_model_and_session_are_named_only_where_there_are_some() -> None:
    """What is added for either comes behind the command, and before a prompt that is the last."""
    said = {
        "prompt": "argument",
        "model_arguments": ("-m", "{model}"),
        "resume_arguments": ("--resume={session}",),
    }
    assert launched(**said).argv == ("prog", JOB.prompt)
    job = replace(JOB, model="big", session="s1")
    assert launched(job, **said).argv == ("prog", "-m", "big", "--resume=s1", JOB.prompt)


def test_a_command_that_names_what_is_not_there_is_not_started() -> None:
    """It is said what is missing."""
    with pytest.raises(AgentError, match=r"\{model\}"):
        launched(command=("prog", "{model}"))


def test_variables_are_set_and_those_that_say_nothing_are_left_out() -> None:
    """They come beside the environment; one that names a model is only set where there is one."""
    said = {"variables": {"B": "2", "MODEL": "m/{model}"}}
    assert launched(**said).environment == {"A": "1", "B": "2", "WORK_KEY": "k"}
    assert launched(replace(JOB, model="x"), **said).environment["MODEL"] == "m/x"


HANDING = Handing(
    variables={"BASE": "{base_url}", "KEY": "{key}", "ALL": '{"{model}": {"url": "{base_url}"}}'},
    arguments=("--model", "{model}"),
    model="openai/{model}",
)


def test_a_provider_is_handed_on_as_its_type_is_described() -> None:
    """Its key stands in the variables that were named for it alone, and JSON stays JSON."""
    job = replace(JOB, provider=PROVIDER, model='b"ig')
    launch = launched(job, providers={"openai": HANDING})
    assert launch.argv == ("prog", "--model", 'openai/b"ig')
    everything = json.loads(launch.environment["ALL"])
    assert everything == {'openai/b"ig': {"url": PROVIDER.base_url}}
    told = {name: launch.environment[name] for name in ("BASE", "KEY")}
    assert told == {"BASE": PROVIDER.base_url, "KEY": "k"}
    assert "WORK_KEY" not in launch.environment


def test_a_provider_without_a_key_sets_no_variable_for_one() -> None:
    """An empty key would be sent as one."""
    job = replace(JOB, provider=replace(PROVIDER, key_variable=None), secrets={}, model="m")
    assert "KEY" not in launched(job, providers={"openai": HANDING}).environment


@pytest.mark.parametrize(
    ("kind", "model", "problem"),
    [("azure", "m", "azure: it takes openai"), ("openai", None, "model")],
)
def test_a_provider_that_can_not_be_handed_on_is_refused(
    kind: str, model: str | None, problem: str
) -> None:
    """One of a type that isn't described, or one without a model, starts nothing."""
    job = replace(JOB, provider=replace(PROVIDER, type=kind), model=model)
    with pytest.raises(AgentError, match=problem):
        launched(job, providers={"openai": HANDING})


def test_a_command_without_such_a_description_gets_the_key_under_its_name() -> None:
    """Then nobody knows better."""
    assert launched(replace(JOB, provider=PROVIDER)).environment["WORK_KEY"] == "k"
