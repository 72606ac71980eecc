"""An agent by its name: its settings, and the adapter that they describe.

Nothing here loads an SDK: an adapter does that when it runs.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.codex.agent import CodexAgent
from deputize.agents.command.agent import CommandAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.config.agents import agent_names, agent_of
from deputize.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.agents.base import Agent
    from deputize.agents.pool.pool import Pool
    from deputize.model.agent import AgentSettings


def settings_for(name: str, configured: Mapping[str, AgentSettings]) -> AgentSettings:
    """Return an agent's settings, as configured or else as known; raises NotFound."""
    settings = agent_of(name, configured)
    if settings is None:
        raise _unknown(name, agent_names(configured))
    return settings


def agent_from(
    name: str,
    settings: AgentSettings,
    variables: Mapping[str, str] | None = None,
    *,
    pool: Pool | None = None,
) -> Agent:
    """Make the agent that `settings` of `settings_for` describe; raises ConfigError.

    `variables` are those that may say where its program is, by default our own. Where there is a
    `pool`, an agent whose program can serve several attempts shares it.
    """
    if settings.kind == "copilot":
        return CopilotAgent(name, path=settings.path, variables=variables, pool=pool)
    if settings.kind == "codex":
        return CodexAgent(name, path=settings.path)
    if settings.kind == "claude":
        return ClaudeAgent(name, path=settings.path)
    if not settings.command:
        hint = f'write `command = ["PROGRAM", …]` under [agents.{name}] in config.toml'
        raise ConfigError(f"the agent {name} has no command", hint=hint)
    if settings.kind == "acp":
        shared = pool if settings.shared else None
        return AcpAgent(name, settings.command, version=settings.protocol, pool=shared)
    return CommandAgent(name, settings)


def _unknown(name: str, known: tuple[str, ...]) -> NotFound:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    return NotFound(f"no agent is called {name!r}", hint=hint)
