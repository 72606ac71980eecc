"""Which policy holds for a task, and what its places are in a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.gate.decide import Bounds
from deputize.gate.places import SECRET, absolute
from deputize.model.policy import Tool
from deputize.model.ruleset import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.config.settings import Config, RoleSettings
    from deputize.model.ruleset import Policy, Rule
    from deputize.model.task import Task


def policy_of(task: Task, config: Config) -> Policy:
    """Return what holds for a task; its places are as they were written down."""
    places = tuple(place for place in (task.repo, task.git_dir) if place)
    return config.policy_for(Subject(task.role, task.agent, task.kind, places, task.commands))


def bounds_for(
    policy: Policy,
    workspace: Path,
    home: Home,
    *,
    role: RoleSettings | None,
    agent: str,
    may_write: bool,
) -> Bounds:
    """Return what an attempt may touch."""
    place = workspace.resolve()
    return Bounds(
        workspace=str(place),
        may_write=may_write,
        own=(str((home.agents / agent).resolve()),),
        tools=None if role is None or role.tools is None else frozenset(map(Tool, role.tools)),
        policy=in_workspace(policy, place),
        hidden=secret_places(place, home.path),
    )


def in_workspace(policy: Policy, workspace: Path) -> Policy:
    """Return a policy whose places are absolute."""
    rules = tuple(_placed(rule, workspace) for rule in policy.rules)
    return policy._replace(rules=rules, base=_placed(policy.base, workspace))


def _placed(rule: Rule, workspace: Path) -> Rule:
    return rule._replace(
        readable=_absolute(rule.readable, workspace), writable=_absolute(rule.writable, workspace)
    )


def secret_places(workspace: Path, *more: Path) -> tuple[str, ...]:
    """Return where secrets are kept, and more such places, as paths."""
    return (*_absolute(SECRET, workspace), *(str(place.resolve()) for place in more))


def _absolute(places: Iterable[str], workspace: Path) -> tuple[str, ...]:
    return tuple(absolute(place, str(workspace)) for place in places)
