"""Which agents a task can be given to, and whether their programs are here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.agents.registry import agent_from, agent_names, settings_for
from deputize.config.load import load_config
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.config.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent by name, as it is set up and found here."""

    name: str
    kind: str
    default: bool
    path: str | None
    version: str | None
    problem: str | None
    hint: str | None


def listing(home: Home) -> list[AgentView]:
    """Return every agent, the built-in ones first; looks for programs, starts no session."""
    config = load_config(home.config)
    return [_view(name, config) for name in agent_names(config.agents)]


def _view(name: str, config: Config) -> AgentView:
    settings = settings_for(name, config.agents)
    kind, default = settings.kind or "command", name == config.default_agent
    try:
        found = agent_from(name, settings).find()
    except ConfigError as error:
        return AgentView(
            name=name, kind=kind, default=default, path=None, version=None,
            problem=error.message, hint=error.hint,
        )  # fmt: skip
    return AgentView(
        name=name,
        kind=kind,
        default=default,
        path=found.path,
        version=found.version,
        problem=found.problem,
        hint=found.hint,
    )
