"""A task that is about to be stored: what is asked for, with the place where it will work."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from deputize.errors import NotFound
from deputize.intake.validation import agent_for, check_names
from deputize.model.event import Event
from deputize.model.need import On
from deputize.model.states import TaskState
from deputize.model.task import Place, Task, title_of
from deputize.store import tasks
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from deputize.intake.place import FoundPlace
    from deputize.model.task import TaskSpec
    from deputize.store.database import Transaction

_BESIDES = frozenset({"key", "origin", "repo", "not_before"})
"""What may differ where a key is used again: a delay, for one, counts from each time anew."""
_LATER = ("budget_tokens", "budget_usd", "output", "commands")
"""What older versions didn't know: not said, it leaves the digest as it was."""


class Draft(NamedTuple):
    """A task that could be stored."""

    spec: TaskSpec
    place: FoundPlace
    agent: str
    digest: str | None = None
    """Of what is asked for, where a key may recognise it."""


def draft(spec: TaskSpec, place: FoundPlace, asked: TaskSpec | None = None) -> Draft:
    """Check the names of a task against the settings that hold where it will work.

    `asked` is what was asked for, before what follows from it was filled in.
    """
    check_names(spec, place.config)
    git_dir = place.location.git_dir if place.location else None
    digest = digest_of(content_of(asked or spec, git_dir)) if spec.key else None
    return Draft(spec, place, agent_for(spec, place.config), digest)


def content_of(spec: TaskSpec, git_dir: Path | None) -> dict[str, object]:
    """Return what is asked for; where it came from, and when it may start, are not part of that."""
    names = (field.name for field in fields(spec) if field.name not in _BESIDES)
    content: dict[str, object] = {name: getattr(spec, name) for name in names}
    for name in _LATER:
        if content[name] in {None, ()}:
            del content[name]
    content["repo"] = str(git_dir) if git_dir else None
    content["needs"] = [
        need.id if need.on is On.DONE else [need.id, need.on] for need in spec.needs
    ]
    return content


def digest_of(content: object) -> str:
    """Hash what is asked for, so that asking for it again can be recognised."""
    import hashlib
    import json

    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


_NOT_YET: dict[str, Any] = dict.fromkeys(
    (
        *("attempt", "started_at", "finished_at", "result", "reason", "message"),
        *("feedback", "plan"),
    )
)
"""What a task gets later."""


def task_of(drafted: Draft, now: datetime, *, blocked: bool, waits: bool, origin: Origin) -> Task:
    """Make the task; where it `waits`, its base is open until it is released."""
    spec, location = drafted.spec, drafted.place.location
    return Task(
        id=0,
        title=title_of(spec.title or spec.prompt),
        prompt=spec.prompt,
        role=spec.role,
        kind=spec.kind,
        state=TaskState.BLOCKED if blocked else TaskState.QUEUED,
        held=spec.held,
        priority=spec.priority,
        place=spec.place,
        repo=str(location.checkout or location.git_dir) if location else None,
        git_dir=str(location.git_dir) if location else None,
        # What its needs land has to be in its base: that is pinned when it is released.
        base=None if waits else drafted.place.base,
        target=location.target if location else None,
        scope=spec.scope,
        agent=drafted.agent,
        model=spec.model,
        # What serves its agent is its provider too: limits, pauses and quotas go by it.
        provider=spec.provider or drafted.place.config.provider_of(drafted.agent, spec.role),
        checks=spec.checks,
        timeout_seconds=spec.timeout_seconds,
        idle_timeout_seconds=spec.idle_timeout_seconds,
        attempts=spec.attempts,
        not_before=spec.not_before,
        key=spec.key,
        key_digest=drafted.digest,
        session=spec.session,
        round_start=1,
        rework_count=0,
        cancel_requested=False,
        created_at=now,
        labels=spec.labels,
        lock=_lock(drafted),
        origin=spec.origin,
        budget_tokens=spec.budget_tokens,
        budget_usd=spec.budget_usd,
        root=origin.root,
        host=origin.host if location else None,
        output=spec.output,
        commands=spec.commands,
        **_NOT_YET,
    )


class Origin(NamedTuple):
    """Where a task comes from, besides its door."""

    root: int | None
    """The task whose agent delegates it, or whose agent's agent does: it pays."""
    host: str | None
    """The machine that it was added on, where others may work on the store too."""


def origin_of(transaction: Transaction, actor: str) -> Origin:
    """Say where the tasks come from that `actor` submits here."""
    host = this_host() if transaction.is_shared else None
    return Origin(_root(transaction, actor), host)


def _root(transaction: Transaction, actor: str) -> int | None:
    caller = actor.removeprefix("agent:task ")
    if caller == actor:
        return None
    try:
        task = tasks.get(transaction, int(caller))
    except NotFound:
        return None  # a task of another store
    return task.root or task.id


def _lock(drafted: Draft) -> str | None:
    location = drafted.place.location
    if drafted.spec.place is Place.IN_PLACE and location:
        return f"checkout:{location.checkout}"
    # Two programs at once in one conversation would not know of each other.
    session = drafted.spec.session
    return drafted.spec.lock or (session and f"session:{session}")


def event_of(task: Task, actor: str, needs: Sequence[int] = ()) -> Event:
    """Tell that a task was submitted."""
    body: dict[str, object] = {"title": task.title, "role": task.role, "agent": task.agent}
    if task.repo:
        body |= {"repo": task.repo, "target": task.target, "base": task.base}
    if needs:
        body["needs"] = list(needs)
    return Event(kind=f"task.{task.state}", actor=actor, body=body)
