"""Which agents there are, by name: built in, described in a file of ours, configured."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from deputize.model.agent import BUILT_IN_AGENTS, laid_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.model.agent import AgentSettings

FILE = "agents.toml"


@cache
def shipped() -> Mapping[str, AgentSettings]:
    """Return the agents that are described in our file: commands, all of them."""
    import tomllib
    from importlib.resources import files

    from deputize.config.described import filled

    content = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    described = filled(FILE, tomllib.loads(content))
    return {name: settings._replace(kind="command") for name, settings in described.items()}


def agent_names(configured: Mapping[str, AgentSettings]) -> tuple[str, ...]:
    """Return the names of all agents, the built-in ones first."""
    return tuple(dict.fromkeys((*BUILT_IN_AGENTS, *shipped(), *configured)))


def agent_of(name: str, configured: Mapping[str, AgentSettings]) -> AgentSettings | None:
    """Return an agent's settings, what is configured over what we know; None where there is none.

    A table of another kind is another agent. Our file is read only where a name isn't built in.
    """
    own = configured.get(name)
    below = BUILT_IN_AGENTS.get(name)
    if below is None:
        below = shipped().get(name)
    if own is None:
        return below
    if below is None or own.kind not in {None, below.kind}:
        return own._replace(kind=own.kind or "command")
    return laid_over(below, own)
