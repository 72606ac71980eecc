"""What a task may be: each rule with its words, before anything is looked up or stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.agents import agent_names, agent_of
from deputize.config.settings import BUILT_IN_ROLES
from deputize.errors import ConfigError, InvalidInput, NotFound
from deputize.intake.fields import FIELDS, REPOSITORY_FIELDS
from deputize.model.agent import asks_always, has_sessions
from deputize.model.need import VERDICTS, On, Verdict
from deputize.model.ruleset import Subject
from deputize.model.task import Output, Place
from deputize.store import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deputize.config.settings import Config
    from deputize.model.need import Need
    from deputize.model.task import Task, TaskSpec
    from deputize.store.database import Transaction

AGENT_VARIABLE = "DEPUTIZE_DEFAULT_AGENT"
PROVIDER_VARIABLE = "DEPUTIZE_DEFAULT_PROVIDER"
_ENCODING = "type it as UTF-8, or save it in a file as UTF-8 and give that with --file"
_IN_A_FILE = "put the material in a file of the repository and name it in the prompt"
_HINTS = {
    "title": _ENCODING,
    "key": "leave out --key where the task may be added twice",
    "lock": "leave out --lock where nothing is to be kept apart",
    "repo": "name a folder that exists with --repo",
    "scope": "name it from the repository's top, such as `--scope src`",
    "priority": "--priority 5 is what others have",
    "attempts": "leave out --attempts for the usual number",
    "timeout": "for example `--timeout 2h`",
    "idle_timeout": "for example `--idle-timeout 15m`",
    "model": "leave out --model for the agent's own choice",
    "output": "leave out the place, or the output",
    "labels": "a label is a word of your own",
}
"""What to do about a field that is wrong."""


def check_spec(spec: TaskSpec, *, waits: bool = False) -> None:
    """Check what can be judged without looking anywhere; InvalidInput names what is wrong.

    A task that `waits` has needs that the specification can't name: others of its plan.
    """
    for field in FIELDS:
        value = field.of(spec)
        problem = None if value is None else field.rule.problem(value)
        if problem:
            raise _refusal(field.name, problem)
    if spec.base is not None and (spec.needs or waits):
        raise InvalidInput(
            "a task that waits for others can't have a base of its own",
            hint="its base is the target's tip when its needs are met",
            field="base",
        )
    if spec.lock is not None and spec.place is Place.IN_PLACE:
        hint = "the checkout is its lock already"
        raise InvalidInput("a task in place can't have a lock", hint=hint, field="lock")
    if spec.output == Output.CHANGE_REQUEST and spec.place is not Place.WORKTREE:
        raise _refusal("output", "change-request needs a worktree, whose files it changes")
    if spec.place is Place.SCRATCH:
        _check_scratch(spec)


def _refusal(name: str, problem: str) -> InvalidInput:
    hint = _HINTS.get(name, "`deputize schema task` says what each field takes")
    if name == "prompt":
        hint = _prompt_hint(problem)
    return InvalidInput(f"the {name.replace('_', ' ')} {problem}", hint=hint, field=name)


def _prompt_hint(problem: str) -> str:
    if "UTF-8" in problem:
        return _ENCODING
    return 'deputize add "what is to be done"' if problem == "is empty" else _IN_A_FILE


def _check_scratch(spec: TaskSpec) -> None:
    for name in REPOSITORY_FIELDS:
        if getattr(spec, name) not in {None, ()}:
            hint = "leave it out, or the scratch place"
            message = "a scratch task has no repository: leave out repo, base, target and checks"
            raise InvalidInput(message, hint=hint, field=name)


def check_names(spec: TaskSpec, config: Config) -> None:
    """Check role, agent, provider and checks against what is configured."""
    roles = {*config.roles, *BUILT_IN_ROLES}
    if spec.role not in roles:
        raise _unknown("role", spec.role, roles)
    check_agent(spec, config)
    if spec.provider is not None and spec.provider not in config.providers:
        raise _unknown("provider", spec.provider, config.providers)
    for check in spec.checks:
        if check not in config.checks:
            raise _unknown("check", check, config.checks, field="checks")


def check_agent(spec: TaskSpec, config: Config) -> None:
    """Check that the agent is known and takes the role."""
    agent = agent_for(spec, config)
    settings = agent_of(agent, config.agents)
    if settings is None and spec.agent is None:
        names = agent_names(config.agents)
        raise _misnamed(_who_names_agent(spec.role, config), "agent", agent, names)
    if settings is None:
        raise _unknown("agent", agent, agent_names(config.agents))
    if spec.provider is None and config.provider_of(agent, spec.role) not in {
        None,
        *config.providers,
    }:
        raise _without_provider(agent, spec.role, config)
    if spec.session is not None and not has_sessions(agent, settings):
        hint = "leave out the session, or choose an agent that has some"
        raise InvalidInput(f"agent {agent} has no sessions", hint=hint, field="session")
    if settings.roles and spec.role not in settings.roles:
        hint = f"its roles: {', '.join(settings.roles)}"
        raise InvalidInput(
            f"agent {agent} does not take the role {spec.role}", hint=hint, field="role"
        )
    _check_output(spec, agent, config)
    if not asks_always(agent, settings) and (why := _held_to(spec, agent, config)):
        raise InvalidInput(
            f"{why}: agent {agent} can't be held to it",
            hint="choose an agent that asks before each tool call, such as copilot",
            field="agent",
        )


def _held_to(spec: TaskSpec, agent: str, config: Config) -> str | None:
    """Say what an agent of a task has to be held to, call by call; None where that is nothing."""
    role = config.role(spec.role)
    if role and role.tools is not None:
        return f"the role {spec.role} may only use some tools"
    places = () if spec.repo is None else (str(spec.repo),)
    if spec.commands:
        return "its commands are named"
    subject = Subject(role=spec.role, agent=agent, kind=spec.kind, places=places)
    if config.policy_for(subject).restricts_calls:
        return "the policy has rules"
    hook = config.hook_on_calls(spec.role, agent)
    return f"the hook {hook} decides tool calls" if hook else None


def _check_output(spec: TaskSpec, agent: str, config: Config) -> None:
    """Refuse a change request where nothing may change, or nothing of it could be carried out."""
    if config.output_of(spec.output, agent) != Output.CHANGE_REQUEST:
        return
    role = config.role(spec.role)
    changes_nothing = role is not None and role.change == "forbidden"
    if spec.output is not None and changes_nothing:
        message = f"the role {spec.role} changes nothing: there is no change to request"
        raise InvalidInput(message, hint="leave out the output", field="output")
    if spec.place in {Place.IN_PLACE, Place.SCRATCH} and not changes_nothing:
        message = f"agent {agent} answers with change requests, which need a worktree"
        hint = "leave out the place, choose another agent, or ask for `--output files`"
        raise InvalidInput(message, hint=hint, field="place")


def settings_problems(config: Config) -> Iterator[ConfigError]:
    """Find what settings say of agents that would have `add` refuse a task."""
    known = agent_names(config.agents)
    if config.default_agent not in known:
        yield _misnamed(_who_names_agent("", config), "agent", config.default_agent, known)
    for role, settings in config.roles.items():
        if settings.agent and settings.agent not in known:
            yield _misnamed(_who_names_agent(role, config), "agent", settings.agent, known)
    if config.default_provider not in {None, *config.providers}:
        yield _misnamed(
            _who_names_provider("", "", config),
            "provider",
            config.default_provider or "",
            config.providers,
        )
    for role, settings in config.roles.items():
        if settings.provider not in {None, *config.providers}:
            yield _without_provider("", role, config)
    for agent in config.agents:
        if config.agents[agent].provider not in {None, *config.providers}:
            yield _without_provider(agent, None, config)


def _who_names_agent(role: str, config: Config) -> str:
    settings = config.role(role)
    if settings and settings.agent:
        return f"[roles.{role}] of config.toml"
    named = os.environ.get(AGENT_VARIABLE)
    return f"the variable {AGENT_VARIABLE}" if named == config.default_agent else "config.toml"


def _without_provider(agent: str, role: str | None, config: Config) -> ConfigError:
    named = config.provider_of(agent, role) or ""
    where = _who_names_provider(agent, role, config)
    return _misnamed(where, "provider", named, config.providers)


def _who_names_provider(agent: str, role: str | None, config: Config) -> str:
    rules = config.role(role) if role else None
    if rules and rules.provider:
        return f"[roles.{role}] of config.toml"
    if agent in config.agents and config.agents[agent].provider:
        return f"[agents.{agent}] of config.toml"
    named = os.environ.get(PROVIDER_VARIABLE)
    return f"the variable {PROVIDER_VARIABLE}" if named else "config.toml"


def _misnamed(where: str, what: str, name: str, known: Iterable[str]) -> ConfigError:
    return ConfigError(f"{where} names the unknown {what} {name!r}", hint=_nearest(name, known))


def _unknown(what: str, name: str, known: Iterable[str], field: str | None = None) -> InvalidInput:
    message = f"unknown {what} {name!r}"
    return InvalidInput(message, hint=_nearest(name, known), field=field or what)


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none is configured"
    return f"did you mean {near[0]}?" if near else f"known: {listed}"


def check_needs(transaction: Transaction, needs: Iterable[Need], config: Config) -> bool:
    """Tell whether a task has to wait for these; InvalidInput where it would wait for ever."""
    waits = False
    for need in needs:
        task = needed(transaction, need.id)
        verdict = VERDICTS[need.on][task.state]
        if verdict is Verdict.LOST:
            message = f"#{task.id} is {task.state}: nothing would start this"
            hint = f"`deputize retry {task.id}` first"
            raise InvalidInput(message, hint=hint, field="needs")
        if verdict is Verdict.OPEN and need.on is not On.END:
            _refuse_entrant(transaction, task)
        if need.on is On.LANDED:
            refuse_nothing_to_land(f"#{task.id}", task, config)
        waits = waits or verdict is Verdict.OPEN
    return waits


def _refuse_entrant(transaction: Transaction, task: Task) -> None:
    """Refuse to need what may lose its race though all goes well."""
    if task.plan is None:
        return
    from deputize.store import plans

    if plans.get(transaction, task.plan).judge is not None:
        message = f"#{task.id} runs in the race p{task.plan}: another may win it"
        hint = f"add it once `deputize wait --plan p{task.plan}` has ended"
        raise InvalidInput(message, hint=hint, field="needs")


def needed(transaction: Transaction, task_id: int) -> Task:
    """Return a task that another needs; NotFound if there is none."""
    try:
        return tasks.get(transaction, task_id)
    except NotFound as error:
        error.field = "needs"
        raise


def refuse_nothing_to_land(name: str, task: Task | TaskSpec, config: Config) -> None:
    """Raise InvalidInput where it is known that a task will have no change to land."""
    role = config.role(task.role)
    if task.place is Place.WORKTREE and (role is None or role.change != "forbidden"):
        return
    raise InvalidInput(
        f"{name} ({task.role}) changes nothing that could land",
        hint="wait until it is done instead, or for its end",
        field="needs",
    )


def agent_for(spec: TaskSpec, config: Config) -> str:
    """Return the agent that the task asks for, its role prefers, or the default."""
    role = config.role(spec.role)
    return spec.agent or (role.agent if role and role.agent else config.default_agent)
