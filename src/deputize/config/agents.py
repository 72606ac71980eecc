"""Which agents there are, by name: built in, described in a file of ours, configured."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from deputize.config.shape import laid_over
from deputize.model.agent import BUILT_IN_AGENTS, SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.model.agent import AgentSettings

FILE = "agents.toml"


@cache
def shipped() -> Mapping[str, AgentSettings]:
    """Return the agents that are described in our file: commands, all of them."""
    import tomllib

    from deputize.config.described import filled

    content = Path(__file__).with_name(FILE).read_text(encoding="utf-8")
    described = filled(FILE, tomllib.loads(content))
    return {name: settings._replace(kind="command") for name, settings in described.items()}


def agent_names(configured: Mapping[str, AgentSettings]) -> tuple[str, ...]:
    """Return the names of all agents, the built-in ones first."""
    return tuple(dict.fromkeys((*BUILT_IN_AGENTS, *SHIPPED, *configured)))


def agent_of(name: str, configured: Mapping[str, AgentSettings]) -> AgentSettings | None:
    """Return an agent's settings, None where there is none.

    What is configured holds: it lies over what we know since it was read. Our file is read only for
    a name that is in it.
    """
    return configured.get(name) or _known(name)


def completed(name: str, own: AgentSettings, table: object) -> AgentSettings:
    """Return what a user's table says of an agent, over what we know of one of that name.

    A table of another kind is another agent.
    """
    below = _known(name)
    if below is None or own.kind not in {None, below.kind}:
        return own._replace(kind=own.kind or "command")
    settings = cast("AgentSettings", laid_over(below, own, table))
    return settings._replace(env=tuple(dict.fromkeys((*below.env, *own.env))))


def _known(name: str) -> AgentSettings | None:
    return shipped()[name] if name in SHIPPED else BUILT_IN_AGENTS.get(name)
