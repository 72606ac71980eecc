"""What of the machine belongs to an agent: its program, and where that keeps login and sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from deputize.config.home import ensure
from deputize.config.spelled import expanded
from deputize.workspace.sandbox.programs import installed_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Agent, Provider
    from deputize.model.agent import AgentSettings

SEPARATE = frozenset({"copilot", "codex", "claude"})
"""Kinds that share nothing with the person's own where a provider serves them."""
BY_COMMAND = frozenset({"acp", "command"})


class Belongings(NamedTuple):
    """Paths by what an agent does there."""

    read: tuple[Path, ...]
    write: tuple[Path, ...]


def belongings_of(
    agent: Agent,
    settings: AgentSettings,
    state: Path,
    variables: Mapping[str, str],
    provider: Provider | None,
) -> Belongings:
    """Return what an agent needs in a sandbox, besides its workspace.

    Its folder of state is made where there is none; StoreUnavailable where that can't be.
    """
    ensure(state)
    alone = provider is not None and settings.kind in SEPARATE
    keeps = () if alone else expanded(settings.keeps, variables)
    return Belongings(read=_programs(agent, settings, variables), write=(state, *keeps))


def _programs(
    agent: Agent, settings: AgentSettings, variables: Mapping[str, str]
) -> tuple[Path, ...]:
    """Return where its program is installed, and the files that its command names."""
    search = variables.get("PATH")
    if settings.kind not in BY_COMMAND:
        found = agent.find().path
        return () if found is None else installed_at(found, search)
    program = settings.path or next(iter(settings.command), "")
    named = (part for part in settings.command[1:] if os.path.isabs(part))  # noqa: PTH117 - a word
    files = (found for part in named for found in installed_at(part, search))
    return (*installed_at(os.path.expanduser(program), search), *files)  # noqa: PTH111 - a word
