"""What a task may be: each rule with its words, before anything is looked up or stored."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from deputize.config.settings import BUILT_IN_ROLES
from deputize.errors import ConfigError, InvalidInput
from deputize.model.agent import BUILT_IN_AGENTS
from deputize.model.states import TaskState
from deputize.model.task import PROMPT_BYTES, Kind, Place
from deputize.store import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deputize.config.settings import Config
    from deputize.model.task import TaskSpec
    from deputize.store.database import Transaction

AGENT_VARIABLE = "DEPUTIZE_DEFAULT_AGENT"
ENCODING = "type it as UTF-8, or save it in a file as UTF-8 and give that with --file"
KEY_LENGTH = 200
LONGEST_TIMEOUT_SECONDS = 30 * 86400
PRIORITIES = range(1, 11)
ATTEMPTS = range(1, 101)


def check_spec(spec: TaskSpec) -> None:
    """Check what can be judged without looking anywhere; InvalidInput names what is wrong."""
    _check_prompt(spec)
    _check_texts(spec)
    _check_numbers(spec)


def _check_prompt(spec: TaskSpec) -> None:
    if not spec.prompt.strip():
        raise InvalidInput("the prompt is empty", hint='deputize add "what is to be done"')
    if "\0" in spec.prompt:
        place = spec.prompt.index("\0")
        hint = "put the material in a file of the repository and name it in the prompt"
        raise InvalidInput(f"the prompt holds a NUL byte at position {place}: text only", hint=hint)
    try:
        size = len(spec.prompt.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput("the prompt is not valid UTF-8", hint=ENCODING) from error
    if size > PROMPT_BYTES:
        raise InvalidInput(
            f"the prompt has {size} bytes, the most is {PROMPT_BYTES}",
            hint="put the material in a file of the repository and name it in the prompt",
        )


def _check_texts(spec: TaskSpec) -> None:
    if spec.lock is not None and not 0 < len(spec.lock) <= KEY_LENGTH:
        hint = "leave out --lock where nothing is to be kept apart"
        raise InvalidInput(f"--lock takes 1 to {KEY_LENGTH} characters", hint=hint)
    if spec.lock and spec.place is Place.IN_PLACE:
        raise InvalidInput(
            "--lock can't be given with --in-place", hint="the checkout is its lock already"
        )
    texts = {
        "--title": spec.title,
        "--key": spec.key,
        "--lock": spec.lock,
        "--model": spec.model,
        "--session": spec.session,
    }
    texts |= {f"scope {path!r}": path for path in spec.scope}
    texts |= {f"label {label!r}": label for label in spec.labels}
    for what, text in texts.items():
        if text is not None and not _is_text(text):
            message = f"{what} is not text: it holds a NUL byte or is not valid UTF-8"
            raise InvalidInput(message, hint=ENCODING)
    if spec.repo is not None and "\0" in spec.repo:
        hint = "name a folder that exists with --repo"
        raise InvalidInput(f"no such folder: {spec.repo!r}", hint=hint)
    if spec.key is not None and not 0 < len(spec.key) <= KEY_LENGTH:
        hint = "leave out --key where the task may be added twice"
        raise InvalidInput(f"--key takes 1 to {KEY_LENGTH} characters", hint=hint)
    for path in spec.scope:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            hint = "name it from the repository's top, such as `--scope src`"
            raise InvalidInput(f"scope {path!r} must be a path inside the repository", hint=hint)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _check_numbers(spec: TaskSpec) -> None:
    if spec.priority not in PRIORITIES:
        message = f"priority {spec.priority} is not between 1 (critical) and 10"
        raise InvalidInput(message, hint="--priority 5 is what others have")
    if spec.attempts is not None and spec.attempts not in ATTEMPTS:
        message = f"{spec.attempts} attempts are not between 1 and 100"
        raise InvalidInput(message, hint="leave out --attempts for the usual number")
    for name in ("timeout_seconds", "idle_timeout_seconds"):
        if not 0 < getattr(spec, name) <= LONGEST_TIMEOUT_SECONDS:
            option = "--" + name.removesuffix("_seconds").replace("_", "-")
            message = f"{option} must be between 1 second and 30 days"
            raise InvalidInput(message, hint=f"for example `{option} 2h`")
    if spec.base and spec.needs:
        raise InvalidInput(
            "--base can't be given with --after",
            hint="the base of a task that waits is the target's tip when its needs are met",
        )


def check_names(spec: TaskSpec, config: Config) -> None:
    """Check role, kind, agent, provider and checks against what is configured."""
    roles = {*config.roles, *BUILT_IN_ROLES}
    if spec.role not in roles:
        raise _unknown("role", spec.role, roles)
    kinds = {kind.value for kind in Kind}
    if spec.kind is not None and spec.kind not in kinds:
        raise _unknown("kind", spec.kind, kinds)
    check_agent(spec, config)
    if spec.provider is not None and spec.provider not in config.providers:
        raise _unknown("provider", spec.provider, config.providers)
    for check in spec.checks:
        if check not in config.checks:
            raise _unknown("check", check, config.checks)


def check_agent(spec: TaskSpec, config: Config) -> None:
    """Check that the agent is known and takes the role."""
    known = {**BUILT_IN_AGENTS, **config.agents}
    agent = agent_for(spec, config)
    if agent not in known and spec.agent is None:
        raise _misnamed(_who_names_agent(spec.role, config), "agent", agent, known)
    if agent not in known:
        raise _unknown("agent", agent, known)
    if spec.provider is None and known[agent].provider not in {None, *config.providers}:
        raise _without_provider(agent, config)
    if known[agent].roles and spec.role not in known[agent].roles:
        hint = f"its roles: {', '.join(known[agent].roles)}"
        raise InvalidInput(f"agent {agent} does not take the role {spec.role}", hint=hint)


def settings_problems(config: Config) -> Iterator[ConfigError]:
    """Find what settings say of agents that would have `add` refuse a task."""
    known = {**BUILT_IN_AGENTS, **config.agents}
    if config.default_agent not in known:
        yield _misnamed(_who_names_agent("", config), "agent", config.default_agent, known)
    for role, settings in config.roles.items():
        if settings.agent and settings.agent not in known:
            yield _misnamed(_who_names_agent(role, config), "agent", settings.agent, known)
    for agent in config.agents:
        if config.agents[agent].provider not in {None, *config.providers}:
            yield _without_provider(agent, config)


def _who_names_agent(role: str, config: Config) -> str:
    settings = config.role(role)
    if settings and settings.agent:
        return f"[roles.{role}] of config.toml"
    named = os.environ.get(AGENT_VARIABLE)
    return f"the variable {AGENT_VARIABLE}" if named == config.default_agent else "config.toml"


def _without_provider(agent: str, config: Config) -> ConfigError:
    named = config.agents[agent].provider or ""
    return _misnamed(f"[agents.{agent}] of config.toml", "provider", named, config.providers)


def _misnamed(where: str, what: str, name: str, known: Iterable[str]) -> ConfigError:
    return ConfigError(f"{where} names the unknown {what} {name!r}", hint=_nearest(name, known))


def _unknown(what: str, name: str, known: Iterable[str]) -> InvalidInput:
    return InvalidInput(f"unknown {what} {name!r}", hint=_nearest(name, known))


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none is configured"
    return f"did you mean {near[0]}?" if near else f"known: {listed}"


def check_needs(transaction: Transaction, spec: TaskSpec) -> bool:
    """Tell whether the task has to wait; InvalidInput where it would wait for ever."""
    waits = False
    for need_id in spec.needs:
        need = tasks.get(transaction, need_id)
        if need.state in {TaskState.FAILED, TaskState.CANCELLED}:
            hint = f"`deputize retry {need.id}` first"
            raise InvalidInput(f"#{need.id} is {need.state}: nothing would start this", hint=hint)
        waits = waits or need.state is not TaskState.DONE
    return waits


def agent_for(spec: TaskSpec, config: Config) -> str:
    """Return the agent that the task asks for, its role prefers, or the default."""
    role = config.role(spec.role)
    return spec.agent or (role.agent if role and role.agent else config.default_agent)
