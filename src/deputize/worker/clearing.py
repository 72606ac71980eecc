"""Clearing up: worktrees go once their work is safe, and pins once nothing starts from them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import log
from deputize.errors import DeputizeError, GitError
from deputize.git.refs import base_ref, list_refs, pin, read_ref, unpin
from deputize.git.repository import open_mirror
from deputize.model.task import Place
from deputize.store import attempts, journal, meta, tasks, workers
from deputize.workshop import aside
from deputize.workspace.worktree import Workspace, find_workspace, remove_workspace, take_snapshot

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.task import Task
    from deputize.worker.steps import Steps
    from deputize.workshop import Workshop

OWN_CLEARING_SECONDS = 60
"""How long a live worker has to take its own workspaces away before upkeep does."""
LOOK_AGAIN = timedelta(minutes=10)
"""How long a workspace that can't go yet is left alone."""
EVENTS_LOOKED_BACK = 10_000
"""How much of the journal a worker that starts looks at for tasks whose pins nobody took away."""
_staying: dict[int, datetime] = {}


async def clear_bench(steps: Steps) -> None:
    """Take a worktree away whose work is safe; what isn't safe stays, and the log says so."""
    attempt = await steps.shop.in_store(attempt_as_it_is, steps.shop, steps.claim.attempt.id)
    await aside(_clear, steps.shop, attempt, steps.claim.task)


def attempt_as_it_is(shop: Workshop, attempt_id: int) -> Attempt:
    """Return an attempt as the store has it now."""
    with shop.database.read() as transaction:
        return attempts.get(transaction, attempt_id)


async def sweep_workspaces(shop: Workshop) -> None:
    """Take away the worktrees of finished attempts that are still there."""
    await aside(_sweep, shop)


def _sweep(shop: Workshop) -> None:
    with shop.database.read() as transaction:
        recent = shop.now() - timedelta(seconds=OWN_CLEARING_SECONDS)
        busy = {worker.id for worker in workers.live(transaction)}
        left = [
            attempt
            for attempt in attempts.leftovers(transaction)
            if attempt.worker not in busy or (attempt.finished_at or recent) <= recent
        ]
        owners = {attempt.id: tasks.get(transaction, attempt.task) for attempt in left}
        left = [each for each in left if owners[each.id].host in {None, shop.worker.host}]
    for attempt in left:
        if _staying.get(attempt.id, shop.now()) <= shop.now():
            with log.bound(task=attempt.task, attempt=attempt.number):
                _clear(shop, attempt, owners[attempt.id])


def _clear(shop: Workshop, attempt: Attempt, task: Task) -> None:
    if task.place in {Place.WORKTREE, Place.READ_ONLY}:
        try:
            workspace = find_attempts(shop, attempt, task)
            if workspace is not None:
                mirror = workspace.worktree.mirror
                ref = attempt.saved_ref or workspace.ref
                captured = read_ref(mirror.git_dir, ref) or workspace.worktree.base
                remove_workspace(workspace, captured)
        except (DeputizeError, OSError) as error:
            log.get("upkeep").warning("workspace stays", path=attempt.workspace, why=str(error))
            _staying[attempt.id] = shop.now() + LOOK_AGAIN
            return
    with shop.database.write() as transaction:
        attempts.workspace_removed(transaction, attempt.id, shop.now())


def find_attempts(shop: Workshop, attempt: Attempt, task: Task) -> Workspace | None:
    """Return the workspace that an attempt was given; None where there is none (any more)."""
    if task.git_dir is None or attempt.base is None:
        return None
    mirror = open_mirror(shop.home.repos, Path(task.git_dir))
    if task.place is Place.IN_PLACE:
        if attempt.workspace is None:
            return (
                None  # it died before it had found the checkout clean: what is there is not its own
            )
        return Workspace(
            path=Path(task.repo or task.git_dir),
            place=task.place,
            task=task.id,
            attempt=attempt.number,
            base=attempt.base,
            mirror=mirror,
        )
    return find_workspace(
        shop.home.workspaces,
        mirror,
        task=task.id,
        attempt=attempt.number,
        base=attempt.base,
        place=task.place,
    )


async def save_leftovers(shop: Workshop, attempt: Attempt) -> str | None:
    """Save what a dead worker's attempt left, before anything else happens; return the ref."""
    return await aside(_save_leftovers, shop, attempt)


def _save_leftovers(shop: Workshop, attempt: Attempt) -> str | None:
    with shop.database.read() as transaction:
        task = tasks.get(transaction, attempt.task)
    try:
        workspace = find_attempts(shop, attempt, task)
        if workspace is None:
            return None
        take_snapshot(workspace, message=f"{task.title} (saved)", agent=task.agent, wip=True)
    except (DeputizeError, OSError) as error:
        log.get("upkeep").error("work not saved", path=attempt.workspace, why=str(error))
        return None
    return workspace.wip_ref


async def sweep_pins(shop: Workshop, after: int | None) -> int:
    """Let go of the base commits, in users' repositories, of tasks that ended since.

    `after` is the event up to which that was done already; returned is the one up to which it is
    now. None looks as far back as is sensible for a worker that starts.
    """
    return await aside(_sweep_pins, shop, after)


def _sweep_pins(shop: Workshop, after: int | None) -> int:
    with shop.database.read() as transaction:
        newest = journal.newest(transaction)
        ended = tasks.ended(
            transaction, newest - EVENTS_LOOKED_BACK if after is None else after, newest
        )
        store = meta.store_name(transaction)
    for git_dir in {git_dir for git_dir, _ in ended}:
        with suppress(GitError):
            prefix = base_ref(store, "0" * 40).rpartition("/")[0]
            pinned = set(list_refs(Path(git_dir), prefix).values())
            for base in sorted(
                pinned.intersection(base for place, base in ended if place == git_dir)
            ):
                _unpin(shop, store, git_dir, base)
    return newest


def _unpin(shop: Workshop, store: str, git_dir: str, base: str) -> None:
    """Undo a pin that no live task needs; one that came to be needed meanwhile is put back."""

    def is_needed() -> bool:
        with shop.database.read() as transaction:
            return base in tasks.pinned(transaction, git_dir)

    if not is_needed():
        unpin(Path(git_dir), store, base)
        if is_needed():
            pin(Path(git_dir), store, base)
