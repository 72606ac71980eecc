"""The door in: make a task of what somebody asks for, or say exactly what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.settings import BUILT_IN_ROLES
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import ConfigError, InvalidInput
from deputize.git import locate as git_locate
from deputize.git.refs import pin
from deputize.model.agent import BUILT_IN_AGENTS
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.model.task import PROMPT_BYTES, Kind, Place, Submitted, Task, TaskSpec, title_of
from deputize.store import meta, tasks, trust

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.git.locate import Location
    from deputize.store.database import Database, Transaction

KEY_LENGTH = 200
LONGEST_TIMEOUT_SECONDS = 30 * 86400
PRIORITIES = range(1, 11)
ATTEMPTS = range(1, 101)
_BESIDES = frozenset({"key", "origin", "repo", "not_before"})
"""What may differ where a key is used again: a delay, for one, counts from each time anew."""


def submit(
    database: Database, home: Home, spec: TaskSpec, *, actor: str, now: datetime
) -> Submitted:
    """Store a task durably; raises InvalidInput, ConfigError or NotFound and stores nothing."""
    _check_prompt(spec)
    _check_texts(spec)
    _check_numbers(spec)
    place = find_place(home, spec)
    config = place.config
    _check_names(spec, config)
    agent = agent_for(spec, config)
    digest = _digest(spec, place) if spec.key else None
    _pin(database, place, spec)
    with database.write() as transaction:
        known = tasks.by_key(transaction, spec.key) if spec.key else None
        if known is not None:
            return _same_again(known, digest, spec)
        blocked = _check_needs(transaction, spec)
        task = _task(spec, place, agent, digest, now)
        task = replace(task, state=TaskState.BLOCKED) if blocked else task
        event = Event(kind=f"task.{task.state}", actor=actor, body=_body(task, spec))
        task = tasks.insert(transaction, task, event, now)
        for need in dict.fromkeys(spec.needs):
            tasks.add_need(transaction, task.id, need)
        untrusted = _is_untrusted(transaction, place)
    return Submitted(task=task, created=True, untrusted=untrusted)


def _pin(database: Database, place: FoundPlace, spec: TaskSpec) -> None:
    """Keep the base from the user's garbage collection before the task is there to need it.

    What can be refused is refused before that, so that it leaves no ref.
    """
    with database.read() as transaction:
        if spec.key is not None and tasks.by_key(transaction, spec.key):
            return
        _check_needs(transaction, spec)
        store = meta.store_name(transaction)
    if place.location and place.base and not spec.needs:
        pin(place.location.git_dir, store, place.base)


class FoundPlace(NamedTuple):
    """Where a task lives: its repository and the settings that hold there."""

    location: Location | None
    base: str | None
    wishes: Wishes

    @property
    def config(self) -> Config:
        """The settings that hold there."""
        return self.wishes.config


def find_place(home: Home, spec: TaskSpec) -> FoundPlace:
    """Find the repository of a task and read its settings from the target's tip."""
    if spec.place is Place.SCRATCH:
        if spec.base or spec.target or spec.checks:
            raise InvalidInput(
                "a scratch task has no repository: leave out base, target and checks"
            )
        wishes = Wishes(config=load_config(home.config))
        return FoundPlace(location=None, base=None, wishes=wishes)
    location = git_locate.locate(Path(spec.repo or "."), spec.target)
    base = git_locate.resolve(location, spec.base) if spec.base else location.base
    if spec.place is Place.IN_PLACE and location.checkout is None:
        raise InvalidInput(
            "a bare repository has no checkout to work in", hint="leave out --in-place"
        )
    if spec.place is Place.IN_PLACE and location.checkout and not _waits(spec):
        from deputize.git.checkout import require_clean

        require_clean(location.checkout)
    return FoundPlace(location=location, base=base, wishes=wishes_of(home, location))


def _waits(spec: TaskSpec) -> bool:
    """Tell whether something is to happen first: the checkout is looked at when its turn comes."""
    return bool(spec.needs or spec.held or spec.not_before)


def wishes_of(home: Home, location: Location) -> Wishes:
    """Read what a repository wants from the target's tip, with the settings that hold there."""
    named = (REPOSITORY_FILE, INCLUDE_FILE)
    file, include = git_locate.read_blobs(location.git_dir, location.base, named)
    origin = f"{REPOSITORY_FILE} ({location.target})"
    return read_wishes(home.config, file, include, origin=origin)


def agent_for(spec: TaskSpec, config: Config) -> str:
    """Return the agent that the task asks for, its role prefers, or the default."""
    role = config.role(spec.role)
    return spec.agent or (role.agent if role and role.agent else config.default_agent)


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
    texts = {"--key": spec.key, "--model": spec.model, "--session": spec.session}
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


def _check_names(spec: TaskSpec, config: Config) -> None:
    roles = {*config.roles, *BUILT_IN_ROLES}
    if spec.role not in roles:
        raise _unknown("role", spec.role, roles)
    kinds = {kind.value for kind in Kind}
    if spec.kind is not None and spec.kind not in kinds:
        raise _unknown("kind", spec.kind, kinds)
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
    if spec.provider is not None and spec.provider not in config.providers:
        raise _unknown("provider", spec.provider, config.providers)
    for check in spec.checks:
        if check not in config.checks:
            raise _unknown("check", check, config.checks)


def _unknown(what: str, name: str, known: Iterable[str]) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(name, list(known), n=1)
    listed = ", ".join(sorted(known)) or "none is configured"
    hint = f"did you mean {near[0]}?" if near else f"known: {listed}"
    return InvalidInput(f"unknown {what} {name!r}", hint=hint)


def _check_needs(transaction: Transaction, spec: TaskSpec) -> bool:
    """Tell whether the task has to wait; InvalidInput where it would wait for ever."""
    waits = False
    for need_id in spec.needs:
        need = tasks.get(transaction, need_id)
        if need.state in {TaskState.FAILED, TaskState.CANCELLED}:
            hint = f"`deputize retry {need.id}` first"
            raise InvalidInput(f"#{need.id} is {need.state}: nothing would start this", hint=hint)
        waits = waits or need.state is not TaskState.DONE
    return waits


def _same_again(known: Task, digest: str | None, spec: TaskSpec) -> Submitted:
    if known.key_digest != digest:
        raise InvalidInput(
            f"key {spec.key!r} belongs to #{known.id}, which asks for something else",
            hint="use another key, or submit exactly the same",
        )
    return Submitted(task=known, created=False, untrusted=False)


def _digest(spec: TaskSpec, place: FoundPlace) -> str:
    """Hash what is asked for: where it came from, and when it may start, are not part of that."""
    import hashlib
    import json

    content = {name: value for name, value in asdict(spec).items() if name not in _BESIDES}
    content["repo"] = str(place.location.git_dir) if place.location else None
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _is_untrusted(transaction: Transaction, place: FoundPlace) -> bool:
    if place.location is None or not place.wishes.lines:
        return False
    digest = place.wishes.digest
    return not trust.is_trusted(transaction, str(place.location.git_dir), digest)


def _body(task: Task, spec: TaskSpec) -> dict[str, object]:
    body: dict[str, object] = {"title": task.title, "role": task.role, "agent": task.agent}
    if task.repo:
        body |= {"repo": task.repo, "target": task.target, "base": task.base}
    if spec.needs:
        body["needs"] = list(spec.needs)
    return body


def _task(spec: TaskSpec, place: FoundPlace, agent: str, digest: str | None, now: datetime) -> Task:
    location = place.location
    return Task(
        id=0,
        title=title_of(spec.title or spec.prompt),
        prompt=spec.prompt,
        role=spec.role,
        kind=spec.kind,
        state=TaskState.QUEUED,
        held=spec.held,
        priority=spec.priority,
        place=spec.place,
        repo=str(location.checkout or location.git_dir) if location else None,
        git_dir=str(location.git_dir) if location else None,
        # After needs, whatever landed until then has to be in it: pinned when it is released.
        base=None if spec.needs else place.base,
        target=location.target if location else None,
        scope=spec.scope,
        agent=agent,
        model=spec.model,
        provider=spec.provider,
        checks=spec.checks,
        timeout_seconds=spec.timeout_seconds,
        idle_timeout_seconds=spec.idle_timeout_seconds,
        attempts=spec.attempts,
        not_before=spec.not_before,
        key=spec.key,
        key_digest=digest,
        session=spec.session,
        round_start=1,
        rework_count=0,
        feedback=None,
        attempt=None,
        cancel_requested=False,
        created_at=now,
        started_at=None,
        finished_at=None,
        result=None,
        reason=None,
        message=None,
        labels=spec.labels,
        plan=None,
        origin=spec.origin,
    )
