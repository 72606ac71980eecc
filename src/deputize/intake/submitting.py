"""Make a task of what somebody asks for, or say exactly what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.git.locate import common_dir
from deputize.git.refs import pin
from deputize.intake.place import find_place
from deputize.intake.validation import agent_for, check_names, check_needs, check_spec
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.model.task import Place, Submitted, Task, TaskSpec, title_of
from deputize.store import meta, tasks, trust

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.config.home import Home
    from deputize.intake.place import FoundPlace
    from deputize.store.database import Database, Transaction

_BESIDES = frozenset({"key", "origin", "repo", "not_before"})
"""What may differ where a key is used again: a delay, for one, counts from each time anew."""


def submit(
    database: Database, home: Home, spec: TaskSpec, *, actor: str, now: datetime
) -> Submitted:
    """Store a task durably; raises InvalidInput, ConfigError or NotFound and stores nothing."""
    check_spec(spec)
    again = _asked_before(database, spec)
    if again is not None:
        return again
    # Asked before the tip is read: what has landed by then is in it.
    waits = _has_open_needs(database, spec)
    place = find_place(home, spec)
    config = place.config
    check_names(spec, config)
    agent = agent_for(spec, config)
    git_dir = place.location.git_dir if place.location else None
    digest = _digest(spec, git_dir) if spec.key else None
    _pin(database, place, spec, waits=waits)
    with database.write() as transaction:
        known = _known(transaction, spec.key)
        if known is not None:
            return _same_again(known, digest, spec)
        for need in sorted(set(spec.needs)):
            tasks.keep(transaction, need)
        blocked = check_needs(transaction, spec)
        task = _task(spec, place, agent, digest, now)
        if waits:
            # What its needs land has to be in its base: that is pinned when it is released.
            task = replace(task, base=None)
        if blocked:
            task = replace(task, state=TaskState.BLOCKED)
        event = Event(kind=f"task.{task.state}", actor=actor, body=_body(task, spec))
        task = tasks.insert(transaction, task, event, now)
        for need in dict.fromkeys(spec.needs):
            tasks.add_need(transaction, task.id, need)
        untrusted = _is_untrusted(transaction, place)
    return Submitted(task=task, created=True, untrusted=untrusted)


def _known(transaction: Transaction, key: str | None) -> Task | None:
    """Return the task that was added with this key; nobody else adds one with it meanwhile."""
    if key is None:
        return None
    meta.alone(transaction, f"key:{key}")
    return tasks.by_key(transaction, key)


def _has_open_needs(database: Database, spec: TaskSpec) -> bool:
    if not spec.needs:
        return False
    with database.read() as transaction:
        states = {tasks.get(transaction, need).state for need in spec.needs}
    return states != {TaskState.DONE}


def _pin(database: Database, place: FoundPlace, spec: TaskSpec, *, waits: bool) -> None:
    """Keep the base from the user's garbage collection before the task is there to need it.

    What can be refused is refused before that, so that it leaves no ref.
    """
    with database.read() as transaction:
        if spec.key is not None and tasks.by_key(transaction, spec.key):
            return
        check_needs(transaction, spec)
        store = meta.store_name(transaction)
    if place.location and place.base and not waits:
        pin(place.location.git_dir, store, place.base)


def _same_again(known: Task, digest: str | None, spec: TaskSpec) -> Submitted:
    if known.key_digest != digest:
        raise InvalidInput(
            f"key {spec.key!r} belongs to #{known.id}, which asks for something else",
            hint="use another key, or submit exactly the same",
        )
    return Submitted(task=known, created=False, untrusted=False)


def _asked_before(database: Database, spec: TaskSpec) -> Submitted | None:
    """Answer with the task that has the key: what is stored already need not be possible anew."""
    if spec.key is None:
        return None
    with database.read() as transaction:
        known = tasks.by_key(transaction, spec.key)
    if known is None:
        return None
    git_dir = common_dir(Path(spec.repo or ".")) if spec.place is not Place.SCRATCH else None
    return _same_again(known, _digest(spec, git_dir), spec)


def _digest(spec: TaskSpec, git_dir: Path | None) -> str:
    """Hash what is asked for: where it came from, and when it may start, are not part of that."""
    import hashlib
    import json

    content = {name: value for name, value in asdict(spec).items() if name not in _BESIDES}
    content["repo"] = str(git_dir) if git_dir else None
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _is_untrusted(transaction: Transaction, place: FoundPlace) -> bool:
    if place.location is None or not place.wishes.lines:
        return False
    digest = place.wishes.digest
    return not trust.is_trusted(transaction, str(place.location.git_dir), digest)


def _lock(spec: TaskSpec, place: FoundPlace) -> str | None:
    if spec.place is Place.IN_PLACE and place.location:
        return f"checkout:{place.location.checkout}"
    return spec.lock


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
        base=place.base,
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
        lock=_lock(spec, place),
        plan=None,
        origin=spec.origin,
    )
