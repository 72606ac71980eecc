"""Which agents there are, by name: the built-in ones, and those that home's configuration adds.

Nothing here loads an SDK: an adapter does that when it runs.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.codex.agent import CodexAgent
from deputize.agents.command import CommandAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.errors import ConfigError, NotFound
from deputize.model.agent import BUILT_IN_AGENTS, AgentSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.agents.base import Agent


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


def agent_from(
    name: str, settings: AgentSettings, variables: Mapping[str, str] | None = None
) -> Agent:
    """Make the agent that `settings` of `settings_for` describe; raises ConfigError.

    `variables` are those that may say where its program is, by default our own.
    """
    if settings.kind == "copilot":
        return CopilotAgent(name, path=settings.path, variables=variables)
    if settings.kind == "codex":
        return CodexAgent(name, path=settings.path)
    if settings.kind == "claude":
        return ClaudeAgent(name, path=settings.path)
    if not settings.command:
        hint = f'write `command = ["PROGRAM", …]` under [agents.{name}] in config.toml'
        raise ConfigError(f"the agent {name} has no command", hint=hint)
    if settings.kind == "acp":
        return AcpAgent(name, settings.command, version=settings.protocol)
    return CommandAgent(
        name, settings.command, success=settings.success, patterns=settings.patterns
    )


def _unknown(name: str, known: tuple[str, ...]) -> NotFound:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return NotFound(f"no agent is called {name!r}", hint=hint)
