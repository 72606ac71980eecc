"""What a task may be: each rule with its words, before anything is looked up or stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.settings import BUILT_IN_ROLES
from deputize.errors import ConfigError, InvalidInput, NotFound
from deputize.intake.fields import FIELDS, REPOSITORY_FIELDS
from deputize.model.agent import BUILT_IN_AGENTS
from deputize.model.need import VERDICTS, On, Verdict
from deputize.model.task import Place
from deputize.store import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.config.settings import Config
    from deputize.model.need import Need
    from deputize.model.task import Task, TaskSpec
    from deputize.store.database import Transaction


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
    if spec.lock and spec.place is Place.IN_PLACE:
        hint = "the checkout is its lock already"
        raise InvalidInput("a task in place can't have a lock", hint=hint, field="lock")
    if spec.place is Place.SCRATCH:
        _check_scratch(spec)


def _refusal(name: str, problem: str) -> InvalidInput:
    hint = None
    if name == "prompt":
        too_long = "put the material in a file of the repository and name it in the prompt"
        hint = too_long if "the most is" in problem else 'deputize add "what is to be done"'
    return InvalidInput(f"the {name.replace('_', ' ')} {problem}", hint=hint, field=name)


def _check_scratch(spec: TaskSpec) -> None:
    for name in REPOSITORY_FIELDS:
        if getattr(spec, name) not in {None, ()}:
            message = "a scratch task has no repository: leave out repo, base, target and checks"
            raise InvalidInput(message, field=name)


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
    known = {**BUILT_IN_AGENTS, **config.agents}
    agent = agent_for(spec, config)
    if agent not in known and spec.agent is None:
        hint = f"known: {', '.join(sorted(known))}"
        raise ConfigError(f"config.toml names the unknown agent {agent!r}", hint=hint)
    if agent not in known:
        raise _unknown("agent", agent, known)
    if known[agent].roles and spec.role not in known[agent].roles:
        hint = f"its roles: {', '.join(known[agent].roles)}"
        raise InvalidInput(
            f"agent {agent} does not take the role {spec.role}", hint=hint, field="role"
        )


def _unknown(what: str, name: str, known: Iterable[str], field: str | None = None) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none is configured"
    hint = f"did you mean {near[0]}?" if near else f"known: {listed}"
    return InvalidInput(f"unknown {what} {name!r}", hint=hint, field=field or what)


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
        if need.on is On.LANDED:
            refuse_nothing_to_land(f"#{task.id}", task, config)
        waits = waits or verdict is Verdict.OPEN
    return waits


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
