"""The policy for who asks: what holds for a task, and what it would answer to a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.agents.registry import settings_for
from deputize.agents.vocabulary import action_of
from deputize.config.load import load_config
from deputize.desk import tasks, trail
from deputize.desk.settings import settings_at, settings_of
from deputize.errors import InvalidInput
from deputize.gate.ask import decided
from deputize.gate.holding import bounds_for, policy_of
from deputize.git.locate import common_dir, locate
from deputize.model.agent import asks_always
from deputize.model.policy import Tool
from deputize.model.ruleset import Subject
from deputize.worker.benches import may_edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.desk.context import Desk
    from deputize.desk.documents import Document
    from deputize.gate.decide import Bounds
    from deputize.model.event import Entry
    from deputize.model.policy import Action, Decision
    from deputize.model.ruleset import Policy, Rule
    from deputize.model.task import Task

_ARGUMENTS = {
    Tool.READ: ("view", "path"),
    Tool.WRITE: ("edit", "path"),
    Tool.SHELL: ("bash", "command"),
    Tool.NETWORK: ("web_fetch", "url"),
    Tool.MEMORY: ("store_memory", "fact"),
}
"""A tool of each kind, and what it is given."""
DECISIONS = "attempt.tool_decided"


class Standing(NamedTuple):
    """What holds for a task, or for one that there might be."""

    subject: Subject
    policy: Policy
    bounds: Bounds
    asks: bool
    """Whether its agent asks before each call: only then is anything but the sandbox between."""
    task: int | None = None


def of_task(desk: Desk, number: int) -> Standing:
    """Return what holds for a task now; NotFound, or ConfigError in its repository's settings."""
    task = tasks.view(desk, number).task
    config = settings_of(desk.home, task)
    workspace = Path(task.repo) if task.repo else desk.home.workspaces
    return _standing(
        desk.home, config, _subject(task), workspace, policy_of(task, config), task=task
    )


def subject_of(home: Home, role: str, agent: str | None, kind: str | None) -> Subject:
    """Return what is asked of a task that there might be."""
    config = load_config(home.config)
    rules = config.role(role)
    if rules is None:
        hint = "`deputize doctor` shows where roles are written"
        raise InvalidInput(f"there is no role {role!r}", hint=hint, field="role")
    return Subject(role=role, agent=agent or rules.agent or config.default_agent, kind=kind)


def here() -> Path | None:
    """Return this folder where it is in a repository."""
    folder = Path.cwd()
    return folder if common_dir(folder) else None


def of_anyone(home: Home, folder: Path | None, subject: Subject) -> Standing:
    """Return what would hold for a task of a folder's repository; without one, in no repository."""
    if folder is None:
        config, workspace = load_config(home.config), home.workspaces
    else:
        location = locate(folder)
        config = settings_at(home, location.git_dir, location.target)
        workspace = location.checkout or location.git_dir
        subject = subject._replace(places=(str(workspace), str(location.git_dir)))
    return _standing(home, config, subject, workspace, config.policy_for(subject))


def _standing(
    home: Home,
    config: Config,
    subject: Subject,
    workspace: Path,
    policy: Policy,
    task: Task | None = None,
) -> Standing:
    role = config.role(subject.role)
    changes = role is None or role.change != "forbidden"
    bounds = bounds_for(
        policy,
        workspace,
        home,
        role=role,
        agent=subject.agent,
        may_write=changes if task is None else may_edit(task, config),
    )
    asks = asks_always(subject.agent, settings_for(subject.agent, config.agents))
    return Standing(subject, policy, bounds, asks, None if task is None else task.id)


def _subject(task: Task) -> Subject:
    places = tuple(place for place in (task.repo, task.git_dir) if place)
    return Subject(task.role, task.agent, task.kind, places, task.commands)


def answer(standing: Standing, call: str) -> tuple[Action, Decision]:
    """Decide a call that is written as `shell: rm -rf x`; InvalidInput where it isn't one."""
    action = read_call(call)
    return action, decided(action, standing.bounds)


def read_call(text: str) -> Action:
    """Read a call: a kind of tool, or an agent's name for one, and what it is given."""
    name, colon, given = text.partition(":")
    name, given = name.strip(), given.strip()
    if not colon or not name:
        hint = "deputize policy test 'shell: rm -rf build'"
        raise InvalidInput(f"{text!r} is no tool call", hint=hint, field="call")
    if name in _ARGUMENTS:
        tool, key = _ARGUMENTS[Tool(name)]
        return action_of(tool, _given(given, key))
    return action_of(name, _given(given, "input"))


def _given(text: str, key: str) -> dict[str, object]:
    """Return arguments that are JSON, or one that is a text."""
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
    return {key: text} if text else {}


def standing_document(standing: Standing) -> Document:
    """Return what holds as JSON: each rule with what it restricts."""
    subject, policy = standing.subject, standing.policy
    return {
        "task": standing.task,
        "role": subject.role,
        "agent": subject.agent,
        "kind": subject.kind,
        "repo": subject.places[0] if subject.places else None,
        "profile": policy.profile,
        "may_write": standing.bounds.may_write,
        "asks": standing.asks,
        "rules": [
            {"name": rule.name, **{key: list(words) for key, words in restrictions(rule).items()}}
            for rule in policy.rules
        ],
    }


def restrictions(rule: Rule) -> dict[str, tuple[str, ...]]:
    """Return what a rule restricts, by its keys."""
    kept = {"roles", "agents", "repositories", "kinds"}
    return {
        key: value
        for key, value in rule._asdict().items()
        if isinstance(value, tuple) and value and key not in kept
    }


def decision_document(action: Action, decision: Decision) -> Document:
    """Return an answer as JSON."""
    return {
        "tool": action.tool,
        "name": action.name,
        "what": action.summary,
        "verdict": decision.verdict,
        "rule": decision.rule,
        "reason": decision.reason,
    }


def refusals(desk: Desk, number: int) -> Iterator[Entry]:
    """Yield the entries that tell what the gate answered in a task, but for a plain yes."""
    told = trail.entries_of(desk, task=number, routine=False)
    return (entry for entry in told if entry.kind == DECISIONS)
