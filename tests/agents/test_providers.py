"""By whom an agent's model is served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Provider
from deputize.agents.copilot.agent import LOG_VARIABLE, log_level_of
from deputize.agents.copilot.find import find_copilot
from deputize.agents.copilot.login import TOKEN_VARIABLES
from deputize.agents.providers import (
    BYOK_KEY,
    BYOK_MODEL,
    BYOK_PROVIDER,
    BYOK_URL,
    Served,
    byok,
    served,
)
from deputize.agents.registry import settings_for
from deputize.config.dotenv import Variables, read_variables
from deputize.config.home import Home
from deputize.config.settings import Config, ProviderSettings, RoleSettings
from deputize.errors import AgentError, ConfigError
from deputize.model.agent import AgentSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
CONFIG = Config(
    agents={
        "copilot": AgentSettings(kind="copilot", model="of-the-agent"),
        "mine": AgentSettings(kind="command", command=("x",)),
        "fixed": AgentSettings(kind="copilot", provider="own", model="of-the-agent"),
    },
    providers={
        "own": ProviderSettings("openai", "http://own/v1", key_variable="OWN_KEY", model="m"),
        "other": ProviderSettings("anthropic", "http://other", key_file="other.key", model="n"),
        "local": ProviderSettings("ollama", "http://local/v1"),
    },
    roles={"reviewer": RoleSettings(provider="local")},
)
BYOK = {BYOK_PROVIDER: "anthropic", BYOK_KEY: "k", BYOK_URL: "http://byok", BYOK_MODEL: "b"}


def look(
    known: Mapping[str, str],
    agent: str = "copilot",
    *,
    provider: str | None = None,
    model: str | None = None,
    home: Path = Path("/nowhere"),
) -> Served:
    """Find out what serves an agent, with these variables set."""
    variables = Variables(home=Home(home), environment=known)
    settings = settings_for(agent, CONFIG.agents)
    return served(settings, CONFIG, variables, provider=provider, model=model)


def test_the_chain_of_copilot_s_credentials() -> None:
    """Each link counts where those before it are missing: take them away one by one."""
    known = {**BYOK, "OWN_KEY": "o", "COPILOT_GITHUB_TOKEN": "1", "GH_TOKEN": "2"}
    known["GITHUB_TOKEN"] = "3"
    assert look(known, provider="own").link == "provider own, key in OWN_KEY"
    assert look(known).link == "provider COPILOT_BYOK, key in COPILOT_BYOK_API_KEY"
    for variable, after in (
        (BYOK_PROVIDER, "token in COPILOT_GITHUB_TOKEN"),
        ("COPILOT_GITHUB_TOKEN", "token in GH_TOKEN"),
        ("GH_TOKEN", "token in GITHUB_TOKEN"),
        ("GITHUB_TOKEN", "the login that Copilot has stored"),
    ):
        del known[variable]
        assert look(known).link == after


def test_the_login_of_claude_is_its_own_variable_or_a_stored_one() -> None:
    """The first that is set is named; Copilot's variables are nothing to it."""
    known = {**BYOK, "GH_TOKEN": "2", "ANTHROPIC_AUTH_TOKEN": "a", "CLAUDE_CODE_OAUTH_TOKEN": "b"}
    found = look(known, "claude")
    assert found.link == "token in ANTHROPIC_AUTH_TOKEN"
    assert found.secrets == {"ANTHROPIC_AUTH_TOKEN": "a", "CLAUDE_CODE_OAUTH_TOKEN": "b"}
    assert look(BYOK, "claude").link == "the login that Claude Code has stored"


def test_a_provider_of_variables_has_its_key_and_its_model() -> None:
    """What an agent gets is the key alone; the model of these variables goes with them."""
    found = look(BYOK)
    told = Provider(
        name="COPILOT_BYOK", type="anthropic", base_url="http://byok", key_variable=BYOK_KEY
    )
    assert found == Served(provider=told, model="b", secrets={BYOK_KEY: "k"}, link=found.link)
    assert look(BYOK, model="of-the-task").model == "of-the-task"
    assert "'k'" not in repr(found)


@pytest.mark.parametrize(
    ("known", "url"),
    [
        ({BYOK_PROVIDER: "openai"}, "https://api.openai.com/v1"),
        ({BYOK_PROVIDER: "anthropic"}, "https://api.anthropic.com"),
        ({BYOK_PROVIDER: "ollama"}, "http://localhost:11434/v1"),
        ({BYOK_PROVIDER: "azure", BYOK_URL: "https://n.example"}, "https://n.example"),
    ],
)
def test_a_provider_of_variables_needs_neither_key_nor_place(
    known: dict[str, str], url: str
) -> None:
    """A type is looked for where it usually is, and some servers want no key."""
    found = look(known)
    assert found.provider is not None
    assert (found.provider.base_url, found.provider.key_variable) == (url, None)
    assert found.secrets == {}


@pytest.mark.parametrize(
    ("known", "word"),
    [({BYOK_PROVIDER: "azure"}, BYOK_URL), ({BYOK_PROVIDER: "sk-pasted"}, "openai, azure")],
)
def test_variables_that_don_t_fit_are_refused(known: dict[str, str], word: str) -> None:
    """The error names the variable, and does not repeat what may be a key."""
    with pytest.raises(ConfigError, match=word) as caught:
        look(known)
    assert "sk-pasted" not in f"{caught.value.message}{caught.value.hint}"
    with pytest.raises(ConfigError):
        byok(Variables(home=Home(Path("/h")), environment=known))


def test_other_agents_get_neither_tokens_nor_those_variables() -> None:
    """A command that a task is given to has no use for Copilot's logins."""
    assert look({**BYOK, "GH_TOKEN": "t"}, "mine") == Served()


def test_a_key_of_a_file_has_the_usual_name(tmp_path: Path) -> None:
    """An agent that takes its key from a variable gets it in the one where such keys are."""
    (tmp_path / "other.key").write_text("k\n")
    (tmp_path / "other.key").chmod(0o600)
    found = look({}, provider="other", home=tmp_path)
    assert found.secrets == {"ANTHROPIC_API_KEY": "k"}
    assert found.provider is not None
    assert found.provider.key_variable == "ANTHROPIC_API_KEY"


def test_the_model_is_that_of_the_provider_that_is_used() -> None:
    """An agent's own model was chosen for its own provider; the task's goes before all."""
    assert look({"OWN_KEY": "k"}, "fixed", provider="own").model == "of-the-agent"
    assert look({"OWN_KEY": "k"}, provider="own").model == "m"
    assert look({}, provider="local").model == "of-the-agent"
    assert look({}, provider="local", model="t").model == "t"
    assert look({}).model == "of-the-agent"


def test_who_names_the_provider() -> None:
    """The role, else the agent, else the default, which is for agents that can be told."""
    config = CONFIG._replace(default_provider="other")
    assert config.provider_of("fixed", "reviewer") == "local"
    assert config.provider_of("fixed", "writer") == "own"
    assert config.provider_of("copilot", "writer") == "other"
    assert config.provider_of("mine", "writer") is None
    assert config.provider_of("goose") is None
    assert CONFIG.provider_of("copilot") is None
    assert config.provider_of("codex") == "other"
    assert config.servers == {"own", "other", "local", "mine", "goose", "gemini"}


def test_an_unknown_provider_is_refused() -> None:
    """It may have been taken out of the settings since the task was added."""
    with pytest.raises(ConfigError, match="provider gone is not configured"):
        look({}, provider="gone")


@pytest.mark.parametrize(("level", "known"), [("info", {}), ("all", {LOG_VARIABLE: "all"})])
def test_how_much_copilot_logs(level: str, known: dict[str, str]) -> None:
    """A variable says it; without one, as much as its program does by itself."""
    assert log_level_of(known) == level
    with pytest.raises(AgentError, match="must be one of none, error"):
        log_level_of({LOG_VARIABLE: "loud"})


def test_the_example_has_the_variables_that_are_read(tmp_path: Path) -> None:
    """Each line of `.env.example`, filled in, is one that is read; none that is read is missing."""
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^# ([A-Z_]+)=", text, re.MULTILINE)
    assert [name for name in named if name in TOKEN_VARIABLES] == list(TOKEN_VARIABLES)
    program = tmp_path / "copilot"
    program.touch(mode=0o700)
    values = {**BYOK, LOG_VARIABLE: "debug", "COPILOT_CLI_PATH": str(program)}
    home = Home(tmp_path)
    home.variables.touch(mode=0o600)
    filled = re.sub(
        r"^# ([A-Z_]+)=.*",
        lambda line: f"{line[1]}={values.get(line[1], 't')}",
        text,
        flags=re.MULTILINE,
    )
    home.variables.write_text(filled)
    found = read_variables(home)
    assert set(found.file) == set(named) == {*values, *TOKEN_VARIABLES}
    assert log_level_of(found.all) == "debug"
    assert find_copilot(None, found.all).path == str(program)
    settings = settings_for("copilot", {})
    assert served(settings, Config(), found, provider=None).model == "b"


def test_every_variable_that_the_code_names_is_in_the_example() -> None:
    """A new variable of Copilot's is told there too, or is one that deputize itself sets."""
    example = (ROOT / ".env.example").read_text()
    source = "\n".join(
        file.read_text() for file in (ROOT / "src" / "deputize" / "agents").rglob("*.py")
    )
    named = set(re.findall(r'"(COPILOT_[A-Z_]+)"', source)) - {
        "COPILOT_BYOK",  # what four of them begin with
        "COPILOT_CACHE_HOME", "COPILOT_CLI_EXTRACT_DIR", "COPILOT_HOME",  # folders, not logins
        "COPILOT_GITHUB_TELEMETRY_DISABLED", "COPILOT_AUTO_UPDATE",  # set for its program
    }  # fmt: skip
    assert [name for name in sorted(named) if f"# {name}=" not in example] == []
