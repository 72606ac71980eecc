"""Verbs about what happened: the journal, logs, diffs, proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.desk.tasks import view
from deputize.errors import NotFound
from deputize.git import diff as git_diff
from deputize.store import chain, journal

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.desk.tasks import TaskView
    from deputize.model.attempt import Attempt
    from deputize.model.event import Entry
    from deputize.store.chain import Proof


def entries(
    desk: Desk,
    *,
    task: int | None = None,
    since: datetime | None = None,
    after: int = 0,
    limit: int = 10_000,
    routine: bool = True,
) -> list[Entry]:
    """Return events in order, sealed or not, after the event `after`.

    Without `routine`, tool calls are left out that the gate let pass, and how they ended.
    """
    with desk.database.read() as transaction:
        if task is not None:
            return journal.of_task(transaction, task, after, limit, routine=routine)
        return journal.recent(transaction, after=after, since=since, limit=limit, routine=routine)


def verify(desk: Desk) -> Proof:
    """Recompute the journal's chain."""
    return chain.verify(desk.database)


def attempt_of(desk: Desk, task_id: int, number: int | None = None) -> Attempt | None:
    """Return an attempt of a task by number, or its newest; None if it had none yet."""
    found = view(desk, task_id).attempts
    if number is None:
        return found[-1] if found else None
    for attempt in found:
        if attempt.number == number:
            return attempt
    hint = f"`deputize show {task_id}` lists its attempts"
    raise NotFound(f"#{task_id} has no attempt {number}", hint=hint)


def log_path(attempt: Attempt) -> Path | None:
    """Return the file that holds an attempt's log, if it has begun."""
    return Path(attempt.log) if attempt.log and Path(attempt.log).exists() else None


def diff(desk: Desk, task_id: int, limit_bytes: int = 10 << 20) -> str:
    """Return what a task's newest change does, as a unified diff; NotFound where there is none.

    Where a task has ended without a change, it is what was saved of its work.
    """
    found = view(desk, task_id)
    if found.change is not None:
        change = found.change
        mirror = git_diff.mirror_path(desk.home.repos, Path(change.git_dir))
        return git_diff.diff_text(mirror, change.base, change.head, limit_bytes)
    work = saved_work(desk, found)
    if work is None:
        hint = f"`deputize show {task_id}` says where it stands"
        raise NotFound(f"#{task_id} has no change yet", hint=hint)
    return git_diff.diff_text(*work, limit_bytes)


def saved_work(desk: Desk, found: TaskView) -> tuple[Path, str, str] | None:
    """Return where a final task's work was saved: repository, base, and ref.

    That is the newest attempt's that had any: one that ended before it began takes nothing away.
    """
    task = found.task
    if not task.is_final or task.git_dir is None:
        return None
    for attempt in reversed(found.attempts):
        if attempt.saved_ref and attempt.base:
            mirror = git_diff.mirror_path(desk.home.repos, Path(task.git_dir))
            return mirror, attempt.base, attempt.saved_ref
    return None
