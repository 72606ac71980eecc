"""Make a task of what somebody asks for, or say exactly what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.git.locate import common_dir
from deputize.intake.drafting import content_of, digest_of, draft, event_of, origin_of, task_of
from deputize.intake.pins import bases_of, pinned
from deputize.intake.place import Places
from deputize.intake.session import with_agent
from deputize.intake.validation import check_needs, check_spec
from deputize.model.states import TaskState
from deputize.model.task import Place, Submitted, TaskSpec
from deputize.store import meta, tasks, trust

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.config.home import Home
    from deputize.intake.place import FoundPlace
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction


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
    drafted = draft(with_agent(database, spec), Places(home).find(spec), spec)
    with database.read() as transaction:
        # What can be refused is refused before anything is pinned.
        check_needs(transaction, spec.needs, drafted.place.config)
    with pinned(database, bases_of([drafted], [waits])), database.write() as transaction:
        if spec.key is not None:
            meta.alone(transaction, f"key:{spec.key}")
        known = tasks.by_key(transaction, spec.key) if spec.key else None
        if known is not None:
            return _same_again(known, drafted.digest, spec)
        for number in sorted({need.id for need in spec.needs}):
            tasks.keep(transaction, number)
        blocked = check_needs(transaction, spec.needs, drafted.place.config)
        origin = origin_of(transaction, actor)
        task = task_of(drafted, now, blocked=blocked, waits=waits, origin=origin)
        event = event_of(task, actor, [need.id for need in spec.needs])
        task = tasks.insert(transaction, task, event, now)
        for need in dict.fromkeys(spec.needs):
            tasks.add_need(transaction, task.id, need.id, need.on)
        untrusted = is_untrusted(transaction, drafted.place)
    return Submitted(task=task, created=True, untrusted=untrusted)


def _has_open_needs(database: Database, spec: TaskSpec) -> bool:
    if not spec.needs:
        return False
    with database.read() as transaction:
        states = {tasks.get(transaction, need.id).state for need in spec.needs}
    return states != {TaskState.DONE}


def _asked_before(database: Database, spec: TaskSpec) -> Submitted | None:
    """Answer with the task that has the key: what is stored already need not be possible anew."""
    if spec.key is None:
        return None
    with database.read() as transaction:
        known = tasks.by_key(transaction, spec.key)
    if known is None:
        return None
    return _same_again(known, digest_of(content_of(spec, git_dir_of(spec))), spec)


def git_dir_of(spec: TaskSpec) -> Path | None:
    """Return the git directory of a task's repository, as far as there is one."""
    return None if spec.place is Place.SCRATCH else common_dir(Path(spec.repo or "."))


def _same_again(known: Task, digest: str | None, spec: TaskSpec) -> Submitted:
    if known.key_digest != digest:
        raise InvalidInput(
            f"key {spec.key!r} belongs to #{known.id}, which asks for something else",
            hint="use another key, or submit exactly the same",
            field="key",
        )
    return Submitted(task=known, created=False, untrusted=False)


def is_untrusted(transaction: Transaction, place: FoundPlace) -> bool:
    """Tell whether the repository wants to run commands that nobody has trusted yet."""
    if place.location is None or not place.wishes.lines:
        return False
    digest = place.wishes.digest
    return not trust.is_trusted(transaction, str(place.location.git_dir), digest)
