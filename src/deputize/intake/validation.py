"""What a task may be: each rule with its words, before anything is looked up or stored."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from deputize.config.settings import BUILT_IN_ROLES
from deputize.errors import ConfigError, InvalidInput
from deputize.model.agent import BUILT_IN_AGENTS
from deputize.model.states import TaskState
from deputize.model.task import PROMPT_BYTES, Kind, Place
from deputize.store import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.config.settings import Config
    from deputize.model.task import TaskSpec
    from deputize.store.database import Transaction

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
        raise InvalidInput(f"the prompt holds a NUL byte at position {place}: text only")
    try:
        size = len(spec.prompt.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(
            "the prompt is not valid UTF-8", hint="save the file as UTF-8"
        ) from error
    if size > PROMPT_BYTES:
        raise InvalidInput(
            f"the prompt has {size} bytes, the most is {PROMPT_BYTES}",
            hint="put the material in a file of the repository and name it in the prompt",
        )


def _check_texts(spec: TaskSpec) -> None:
    if spec.lock is not None and not 0 < len(spec.lock) <= KEY_LENGTH:
        raise InvalidInput(f"--lock takes 1 to {KEY_LENGTH} characters")
    if spec.lock and spec.place is Place.IN_PLACE:
        raise InvalidInput(
            "--lock can't be given with --in-place", hint="the checkout is its lock already"
        )
    texts = {
        "--key": spec.key,
        "--lock": spec.lock,
        "--model": spec.model,
        "--session": spec.session,
    }
    texts |= {f"scope {path!r}": path for path in spec.scope}
    texts |= {f"label {label!r}": label for label in spec.labels}
    for what, text in texts.items():
        if text is not None and not _is_text(text):
            raise InvalidInput(f"{what} is not text: it holds a NUL byte or is not valid UTF-8")
    if spec.repo is not None and "\0" in spec.repo:
        raise InvalidInput(f"no such folder: {spec.repo!r}")
    if spec.key is not None and not 0 < len(spec.key) <= KEY_LENGTH:
        raise InvalidInput(f"--key takes 1 to {KEY_LENGTH} characters")
    for path in spec.scope:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise InvalidInput(f"scope {path!r} must be a path inside the repository")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _check_numbers(spec: TaskSpec) -> None:
    if spec.priority not in PRIORITIES:
        raise InvalidInput(f"priority {spec.priority} is not between 1 (critical) and 10")
    if spec.attempts is not None and spec.attempts not in ATTEMPTS:
        raise InvalidInput(f"{spec.attempts} attempts are not between 1 and 100")
    for name in ("timeout_seconds", "idle_timeout_seconds"):
        if not 0 < getattr(spec, name) <= LONGEST_TIMEOUT_SECONDS:
            option = "--" + name.removesuffix("_seconds").replace("_", "-")
            raise InvalidInput(f"{option} must be between 1 second and 30 days")
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
        hint = f"known: {', '.join(sorted(known))}"
        raise ConfigError(f"config.toml names the unknown agent {agent!r}", hint=hint)
    if agent not in known:
        raise _unknown("agent", agent, known)
    if known[agent].roles and spec.role not in known[agent].roles:
        hint = f"its roles: {', '.join(known[agent].roles)}"
        raise InvalidInput(f"agent {agent} does not take the role {spec.role}", hint=hint)


def _unknown(what: str, name: str, known: Iterable[str]) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none is configured"
    hint = f"did you mean {near[0]}?" if near else f"known: {listed}"
    return InvalidInput(f"unknown {what} {name!r}", hint=hint)


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
