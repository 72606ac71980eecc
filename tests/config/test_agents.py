"""Agents by name: what is built in, described in our file, and configured over it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deputize.config.agents import agent_names, agent_of, shipped
from deputize.config.load import load_config
from deputize.config.settings import Config
from deputize.errors import ConfigError
from deputize.model.agent import (
    BUILT_IN_AGENTS,
    SHIPPED,
    SHIPPED_VARIABLES,
    AgentSettings,
    Handing,
    has_sessions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def test_described_agents_are_there_beside_those_that_are_built_in() -> None:
    """Each is a command with a version and a way to get it."""
    assert agent_names({}) == (*BUILT_IN_AGENTS, "aider", "gemini", "mini-swe-agent", "opencode")
    for settings in shipped().values():
        assert settings.kind == "command"
        assert settings.command
        assert settings.version
        assert settings.install


def test_a_worker_is_given_what_described_agents_get() -> None:
    """Its environment is made without our file, from a list that holds just that."""
    assert {name for each in shipped().values() for name in each.env} == set(SHIPPED_VARIABLES)


def test_our_file_is_read_only_for_what_is_in_it() -> None:
    """Its names are known without it, and who asks for another one doesn't wait for it."""
    shipped.cache_clear()
    own = AgentSettings(command=("one",))
    assert agent_of("one", {"one": own}) == own
    assert agent_of("none", {}) is None
    assert agent_names({"one": own}) == (*BUILT_IN_AGENTS, *SHIPPED, "one")
    assert shipped.cache_info().misses == 0
    assert tuple(shipped()) == SHIPPED


def configured(tmp_path: Path, text: str) -> Mapping[str, AgentSettings]:
    """Return the agents of a home whose settings say this."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load_config(file).agents


def test_a_table_goes_over_a_description_key_by_key(tmp_path: Path) -> None:
    """What it doesn't say stays; what is a table itself is gone through as well."""
    own = 'path = "/opt/aider"\nenv = ["MORE"]\nvariables = { A = "b" }'
    settings = agent_of("aider", configured(tmp_path, f"[agents.aider]\n{own}"))
    known = shipped()["aider"]
    assert settings is not None
    assert settings.command == known.command
    assert settings.env == (*known.env, "MORE")
    assert settings.path == "/opt/aider"
    assert settings.variables == {**known.variables, "A": "b"}


def test_a_table_goes_over_what_is_built_in(tmp_path: Path) -> None:
    """It changes what it names and keeps the rest."""
    own = '[agents.goose]\nmodel = "big"\nenv = ["MORE"]'
    known = BUILT_IN_AGENTS["goose"]
    expected = known._replace(model="big", env=(*known.env, "MORE"))
    assert agent_of("goose", configured(tmp_path, own)) == expected


def test_what_a_provider_of_one_type_gets_is_corrected_alone(tmp_path: Path) -> None:
    """A table in a table keeps its other keys too."""
    own = '[agents.opencode.providers]\nopenai.variables = { B = "2" }\nazure.model = "a"'
    known = shipped()["opencode"].providers
    openai = known["openai"]._replace(variables={**known["openai"].variables, "B": "2"})
    settings = agent_of("opencode", configured(tmp_path, own))
    assert settings is not None
    assert settings.providers == {**known, "openai": openai, "azure": Handing(model="a")}


@pytest.mark.parametrize(
    ("name", "table", "meant"),
    [
        ("opencode", 'output = "text"', lambda _: {"output": "text"}),
        ("opencode", "version = []", lambda _: {"version": ()}),
        ("gemini", "read = []", lambda _: {"read": ()}),
        ("aider", "litter = []", lambda _: {"litter": ()}),
        ("aider", "noise = []", lambda _: {"noise": ()}),
        (
            "aider",
            "patterns.agent_error = []",
            lambda known: {"patterns": known.patterns._replace(agent_error=())},
        ),
        (
            "aider",
            'providers.ollama = { model = "{model}", arguments = [] }',
            lambda known: {
                "providers": {
                    **known.providers,
                    "ollama": Handing(variables=known.providers["ollama"].variables),
                }
            },
        ),
    ],
)
def test_what_a_table_says_holds_where_it_would_hold_by_itself_too(
    tmp_path: Path, name: str, table: str, meant: Callable[[AgentSettings], dict[str, Any]]
) -> None:
    """Whoever wants none of what we know of a program gets none of it, and keeps the rest."""
    known = agent_of(name, {})
    assert known is not None
    expected = known._replace(**meant(known))
    assert expected != known
    assert agent_of(name, configured(tmp_path, f"[agents.{name}]\n{table}")) == expected


def test_a_table_of_another_kind_is_another_agent(tmp_path: Path) -> None:
    """Nothing of the description is left."""
    own = '[agents.opencode]\nkind = "acp"\ncommand = ["opencode", "acp"]'
    expected = AgentSettings(kind="acp", command=("opencode", "acp"))
    assert agent_of("opencode", configured(tmp_path, own)) == expected


def test_what_we_know_that_an_agent_delivers_holds_where_nobody_says_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's table may say otherwise, and a task goes before both."""
    known = BUILT_IN_AGENTS["goose"]._replace(delivers="change-request")
    monkeypatch.setitem(BUILT_IN_AGENTS, "goose", known)
    assert Config().output_of(None, "goose") == "change-request"
    assert Config().output_of("files", "goose") == "files"
    for said, output in (('model = "m"', "change-request"), ('delivers = "files"', "files")):
        config = Config(agents=configured(tmp_path, f"[agents.goose]\n{said}"))
        assert config.output_of(None, "goose") == output
    assert Config().output_of(None, "nobody") == "files"


@pytest.mark.parametrize(
    ("name", "has"), [("gemini", True), ("opencode", False), ("aider", False), ("copilot", True)]
)
def test_sessions_are_there_where_it_is_said_how_they_are_resumed(name: str, has: bool) -> None:  # noqa: FBT001 - a row
    """A command has none without."""
    settings = agent_of(name, {})
    assert settings is not None
    assert has_sessions(name, settings) is has


SECRET = "sk-0123456789abcdefghijklmnop"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f"variables.MY_KEY = '{SECRET}'", "variables.MY_KEY"),
        ("variables.API_KEY = 'abcdefgh'", "variables.API_KEY"),
        (
            "providers.openai.variables = { KEY = '{key}x', API_TOKEN = 'longsecret{key}' }",
            "providers.openai.variables.API_TOKEN",
        ),
        ("variables.DEPUTIZE_TASK = '1'", "variables.DEPUTIZE_TASK"),
        ("variables.a-b = '1'", "variables.a-b"),
        ("variables.A = 1", "variables.A"),
        (f"providers.openai.variables.X_TOKEN = '{SECRET}'", "providers.openai.variables.X_TOKEN"),
        ("providers.opena.model = 'x'", "providers.opena"),
        ("providers.openai.arguments = ['--key', '{key}']", "providers.openai.arguments"),
        ("model_arguments = ['{key}']", "model_arguments"),
        ("resume_arguments = ['--continue']", "resume_arguments"),
        ("lost_session = ['(']", "lost_session.0"),
        ("noise = ['[']", "noise.0"),
        ("command = []", "command"),
        ("kind = 'acp'\ncommand = []", "command"),
        ("kind = 'codex'\noutput = 'json'", "output"),
        ("kind = 'copilot'\nread = [{ answer = 'a' }]", "read"),
        ("kind = 'claude'\nprotocol = 2", "protocol"),
        ("kind = 'copilot'\nshared = true", "shared"),
        ("shared = true", "shared"),
        ("kind = 'acp'\ncommand = ['a']\nshared = 'yes'", "shared"),
        ("kind = 'codex'\ncommand = ['codex']", "command"),
        ("kind = 'acp'\ncommand = ['a']\npath = '/a'", "path"),
        ("kind = 'acp'\ncommand = ['a']\nvariables = { A = 'b' }", "variables"),
        ("protocol = 1", "protocol"),
        ("read = [{ answer = 'a' }]", "output"),
        ("output = 'text'\nread = [{ answer = 'a' }]", "output"),
        ("output = 'json'", "read"),
        ("prompt = 'pipe'", "prompt"),
        ("command = ['a', '{prompt}']\nprompt = 'stdin'", "prompt"),
        ("command = ['a', '{prompt}']\nprompt = 'file'", "prompt"),
        ("command = ['a', '{prompt_file}']\nprompt = 'argument'", "prompt"),
        ("command = ['a', '{promt}']", "command"),
        ("command = ['a', '-p={PROMPT}']", "command"),
        ("model_arguments = ['-m', '{models}']", "model_arguments"),
        ('command = ["a", "\\u0000"]', "command.1"),
        ('variables.A = "\\u0000"', "variables.A"),
        ("model_arguments = ['-m']", "model_arguments"),
        ("variables.X = '{key}'", "variables.X"),
        ("command = ['a', '{session}']", "command"),
        ("command = ['sh', '-c', 'a ${base_url}']", "command"),
        ("model_arguments = ['{model}', '{session}']", "model_arguments"),
        ("providers.openai.arguments = ['{session}']", "providers.openai.arguments"),
        ("providers.openai.model = '{key}'", "providers.openai.model"),
        ("output = 'xml'", "output"),
        ("read = [{}]", "read.0"),
        ("read = [{ where = { type = 'x' } }]", "read.0"),
        ("read = [{ answer = 'a..b' }]", "read.0.answer"),
        ("read = [{ input_tokens = ['a', 'b c'] }]", "read.0.input_tokens"),
        ("read = [{ answer = 'a', where = { 'a b' = 'x' } }]", "read.0.where"),
        ("read = [{ answer = 'a', unless = { a = 1 } }]", "read.0.unless.a"),
        ("litter = ['.git']", "litter"),
        ("litter = ['.g*']", "litter"),
        ("litter = ['*']", "litter"),
        ("litter = ['[a-z]*']", "litter"),
        ("litter = ['?[!]x]*.[^.]']", "litter"),
        ("litter = ['a/b']", "litter"),
        ("exit_codes.0 = 'agent_error'", "exit_codes"),
        ("exit_codes.256 = 'agent_error'", "exit_codes"),
        ("exit_codes.3 = 'succeeded'", "exit_codes.3"),
    ],
)
def test_what_a_description_may_not_say_is_named(tmp_path: Path, text: str, key: str) -> None:
    """The error has file and key, and never a secret."""
    file = tmp_path / "config.toml"
    file.write_text(f"[agents.mine]\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(file) in caught.value.message
    assert f"`agents.mine.{key}`" in caught.value.message
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_other_braces_are_only_braces(tmp_path: Path) -> None:
    """Those of a shell, of JSON, and words that are near to none of ours."""
    command = ["sh", "-c", 'x ${modle} {} {a} {"model": 1} {MODE_OF} {prompt!r}']
    (tmp_path / "config.toml").write_text(f"[agents.mine]\ncommand = {json.dumps(command)}\n")
    assert load_config(tmp_path / "config.toml").agents["mine"].command == tuple(command)


def test_what_we_know_of_an_agent_has_to_go_with_what_is_said(tmp_path: Path) -> None:
    """Its command names a file with the prompt."""
    (tmp_path / "config.toml").write_text("[agents.aider]\nprompt = 'stdin'\n")
    with pytest.raises(ConfigError, match=r'`agents\.aider\.prompt` must be "file", as `command`'):
        load_config(tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("copilot", "read = []", "read"),
        ("goose", "success = [0]", "success"),
        ("goose", "command = []", "command"),
        ("aider", "protocol = 1", "protocol"),
        ("aider", "shared = false", "shared"),
    ],
)
def test_what_means_nothing_to_an_agent_that_we_know_is_named(
    tmp_path: Path, name: str, text: str, key: str
) -> None:
    """Its kind is known where its table doesn't say it."""
    with pytest.raises(ConfigError, match=rf"`agents\.{name}\.{key}` "):
        configured(tmp_path, f"[agents.{name}]\n{text}")


def test_words_that_are_ours_elsewhere_are_free_in_a_table_of_variables(tmp_path: Path) -> None:
    """A variable may be called as a setting of ours."""
    file = tmp_path / "config.toml"
    file.write_text(
        "[agents.mine]\nvariables = { kind = 'x', WAIT_seconds = 'y', KEY = 'dummy' }\n"
    )
    assert load_config(file).agents["mine"].variables["kind"] == "x"
