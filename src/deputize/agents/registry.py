"""Which agents there are, by name: the built-in ones, and those that home's configuration adds.

Nothing here loads an SDK: an adapter does that when it runs.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.codex.agent import CodexAgent
from deputize.agents.command import CommandAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.agents.copilot.login import TOKEN_VARIABLES
from deputize.errors import ConfigError, NotFound
from deputize.model.agent import BUILT_IN_AGENTS, AgentSettings

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from deputize.agents.base import Agent, Provider


def agent_names(configured: Mapping[str, AgentSettings]) -> tuple[str, ...]:
    """Return the names of all agents, the built-in ones first."""
    return tuple(dict.fromkeys((*BUILT_IN_AGENTS, *configured)))


def settings_for(name: str, configured: Mapping[str, AgentSettings]) -> AgentSettings:
    """Return an agent's settings: what is configured over what is built in; raises NotFound."""
    built_in, own = BUILT_IN_AGENTS.get(name), configured.get(name)
    if own is None:
        if built_in is None:
            raise _unknown(name, agent_names(configured))
        return built_in
    if built_in is None or own.kind not in {None, built_in.kind}:
        return own._replace(kind=own.kind or "command")
    given = {name: value for name, value in own._asdict().items() if value}
    given["env"] = tuple(dict.fromkeys((*built_in.env, *own.env)))
    return built_in._replace(**given)


def agent_from(name: str, settings: AgentSettings) -> Agent:
    """Make the agent that `settings` of `settings_for` describe; raises ConfigError."""
    if settings.kind == "copilot":
        return CopilotAgent(name, path=settings.path)
    if settings.kind == "codex":
        return CodexAgent(name, path=settings.path)
    if not settings.command:
        hint = f'write `command = ["PROGRAM", …]` under [agents.{name}] in config.toml'
        raise ConfigError(f"the agent {name} has no command", hint=hint)
    if settings.kind == "acp":
        return AcpAgent(name, settings.command)
    return CommandAgent(name, settings.command)


def secret_variables(settings: AgentSettings, provider: Provider | None) -> tuple[str, ...]:
    """Return the variables whose values belong in `Job.secrets`, where they are set."""
    if provider is not None:
        return (provider.key_variable,) if provider.key_variable else ()
    return TOKEN_VARIABLES if settings.kind == "copilot" else ()


def link_of(settings: AgentSettings, provider: Provider | None, names: Container[str]) -> str:
    """Say which link of the chain of credentials serves an agent; `names` are set. Never a key."""
    if provider is not None:
        key = f"key in {provider.key_variable}" if provider.key_variable else "without a key"
        return f"provider {provider.name}, {key}"
    if settings.kind != "copilot":
        return "a login of its own"
    token = next((name for name in TOKEN_VARIABLES if name in names), None)
    return f"token in {token}" if token else "the login that Copilot has stored"


def _unknown(name: str, known: tuple[str, ...]) -> NotFound:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return NotFound(f"no agent is called {name!r}", hint=hint)
