"""Which agents there are, by name: built in, described in a file of ours, configured."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.model.agent import BUILT_IN_AGENTS, SHIPPED, laid_over

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
    """Return an agent's settings, what is configured over what we know; None where there is none.

    A table of another kind is another agent. Our file is read only for a name that is in it.
    """
    own = configured.get(name)
    below = BUILT_IN_AGENTS.get(name)
    if name in SHIPPED:
        below = shipped()[name]
    if own is None:
        return below
    if below is None or own.kind not in {None, below.kind}:
        return own._replace(kind=own.kind or "command")
    return laid_over(below, own)
