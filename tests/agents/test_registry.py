"""Which agents there are, by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.codex.agent import CodexAgent
from deputize.agents.command.agent import CommandAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.agents.pool.pool import Pool
from deputize.agents.registry import agent_from, settings_for
from deputize.config.agents import agent_names
from deputize.errors import ConfigError, NotFound
from deputize.model.agent import AgentSettings
from tests.fixtures.pools import USUAL


def test_built_in_agents_need_no_configuration() -> None:
    """Copilot, Codex, Claude Code and goose are there by their names."""
    assert isinstance(agent_from("copilot", settings_for("copilot", {})), CopilotAgent)
    assert isinstance(agent_from("codex", settings_for("codex", {})), CodexAgent)
    assert isinstance(agent_from("claude", settings_for("claude", {})), ClaudeAgent)
    goose = agent_from("goose", settings_for("goose", {}))
    assert isinstance(goose, AcpAgent)
    assert goose.command == ("goose", "acp", "--with-builtin", "developer")


def test_what_is_configured_holds() -> None:
    """Who calls a command of theirs `copilot` gets that command, and nothing else."""
    own = AgentSettings(kind="command", command=("mine",))
    settings = settings_for("copilot", {"copilot": own})
    assert settings == own
    assert isinstance(agent_from("copilot", settings), CommandAgent)


def test_a_program_is_shared_where_its_agent_is_said_to_be_able_to() -> None:
    """Goose is known to be, one's own is where its table says so, and nobody is without a pool."""
    pool, mine = Pool(USUAL), AgentSettings(kind="acp", command=("mine",))
    able = {
        name: agent_from(name, settings, pool=pool)
        for name, settings in {
            "goose": settings_for("goose", {}),
            "mine": mine,
            "able": mine._replace(shared=True),
        }.items()
    }
    assert {name for name, agent in able.items() if getattr(agent, "pool", None) is pool} == {
        "goose",
        "able",
    }
    alone = agent_from("goose", settings_for("goose", {}))
    assert isinstance(alone, AcpAgent)
    assert alone.pool is None


def test_an_agent_without_kind_is_a_command() -> None:
    """A table with a command alone is enough."""
    settings = settings_for("mine", {"mine": AgentSettings(command=("mine", "{prompt}"))})
    assert isinstance(agent_from("mine", settings), CommandAgent)


def test_an_agent_without_command_is_refused() -> None:
    """Where there is nothing to run, the error says what to write where."""
    with pytest.raises(ConfigError) as caught:
        agent_from("mine", AgentSettings(kind="acp"))
    assert "[agents.mine]" in (caught.value.hint or "")


def test_an_unknown_agent_is_named_with_the_nearest_one() -> None:
    """A slip of the pen gets a suggestion."""
    with pytest.raises(NotFound) as caught:
        settings_for("copliot", {})
    assert caught.value.hint == "did you mean copilot?"


def test_every_agent_is_looked_for() -> None:
    """Each known agent is found, or has a problem and a hint."""
    configured = {"shell": AgentSettings(command=("sh", "-c", "cat"))}
    found = {
        name: agent_from(name, settings_for(name, configured)).find()
        for name in agent_names(configured)
    }
    described = ("aider", "gemini", "mini-swe-agent", "opencode")
    assert tuple(found) == ("copilot", "codex", "claude", "goose", *described, "shell")
    assert found["shell"].path is not None
    assert all(each.path or (each.problem and each.hint) for each in found.values())


def test_no_sdk_is_loaded_before_an_agent_runs() -> None:
    """Knowing and finding all agents loads neither an SDK nor what it is made of."""
    program = (
        "import sys\n"
        "from deputize.agents.registry import agent_from, settings_for\n"
        "from deputize.config.agents import agent_names\n"
        "for name in agent_names({}):\n"
        "    agent_from(name, settings_for(name, {})).find()\n"
        "print([name for name in ('copilot', 'acp', 'pydantic') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
