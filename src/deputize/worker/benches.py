"""Benches: where an attempt's agent works, whatever the place, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import log, queue
from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import AgentError, DeputizeError, GitError
from deputize.git.command import BaseLost, is_out_of_disk
from deputize.git.diff import file_changes
from deputize.git.locate import read_blobs
from deputize.git.merges import merge_base
from deputize.git.refs import read_ref
from deputize.git.repository import open_mirror
from deputize.model.change import Change
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState
from deputize.model.task import Place
from deputize.store import attempts, meta, tasks, workers
from deputize.worker.evidence import Left, Seen, judge, summary_of
from deputize.worker.preparation import prepare
from deputize.workshop import aside
from deputize.workspace.isolation import Fingerprint, compare, fingerprint
from deputize.workspace.worktree import (
    Workspace,
    find_workspace,
    open_in_place,
    open_scratch,
    open_workspace,
    remove_workspace,
    take_snapshot,
)

if TYPE_CHECKING:
    from deputize.config.settings import Config
    from deputize.git.repository import Mirror
    from deputize.git.snapshot import Snapshot
    from deputize.model.attempt import Attempt
    from deputize.model.task import Task
    from deputize.queue import Ending
    from deputize.worker.steps import Steps
    from deputize.workshop import Workshop


OWN_CLEARING_SECONDS = 60
"""How long a live worker has to take its own workspaces away before upkeep does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An attempt's workspace with the settings that hold in it."""

    workspace: Workspace
    wishes: Wishes
    before: Fingerprint | None
    """What the user's repository looked like before the agent started."""
    origin: str | None = None
    """The commit of the target that the work grew from: what a change is measured against."""
    continues: bool = False
    """It holds what an interrupted attempt had done."""
    start: str | None = None
    """The commit that tells whether the task changed anything."""

    @property
    def path(self) -> Path:
        """The folder that the agent works in."""
        return self.workspace.path

    @property
    def config(self) -> Config:
        """The settings that hold for the task."""
        return self.wishes.config

    async def prepare(self, steps: Steps) -> None:
        """Run the setup steps; AgentError where one fails or isn't trusted."""
        if self.workspace.place is not Place.IN_PLACE:
            await prepare(steps, self.workspace, self.wishes)


def change_rule(task: Task, config: Config) -> str:
    """Say whether the task has to, may, or may not change something."""
    if task.place is Place.READ_ONLY:
        return "forbidden"
    role = config.role(task.role)
    rule = role.change if role else "required"
    return "allowed" if task.place is Place.SCRATCH and rule == "required" else rule


async def open_bench(steps: Steps) -> Bench:
    """Make the workspace of an attempt; AgentError where that can't be done, with the outcome."""
    task = steps.claim.task
    try:
        if task.git_dir is None:
            bench = await aside(_open_scratch, steps)
        else:
            bench = await aside(_open_with_repository, steps, Path(task.git_dir))
    except BaseLost as error:
        raise AgentError(Outcome.BASE_LOST, error.message, hint=error.hint) from error
    except GitError as error:
        outcome = Outcome.OUT_OF_DISK if is_out_of_disk(error) else Outcome.SETUP_FAILED
        raise AgentError(outcome, error.message, hint=error.hint) from error
    except DeputizeError as error:
        raise AgentError(Outcome.SETUP_FAILED, error.message, hint=error.hint) from error
    await steps.change(
        lambda attempt: replace(
            attempt, workspace=str(bench.path), base=bench.workspace.base or attempt.base
        )
    )
    await steps.milestone(f"workspace ready: {bench.path}")
    return bench


def _open_scratch(steps: Steps) -> Bench:
    home, claim = steps.shop.home, steps.claim
    workspace = open_scratch(home.workspaces, task=claim.task.id, attempt=claim.attempt.number)
    wishes = Wishes(config=load_config(home.config))
    return Bench(workspace=workspace, wishes=wishes, before=None)


def _open_with_repository(steps: Steps, git_dir: Path) -> Bench:
    task, home = steps.claim.task, steps.shop.home
    mirror = open_mirror(home.repos, git_dir)
    tip = read_ref(git_dir, f"refs/heads/{task.target}")
    base = task.base or tip
    if tip is None or base is None:
        raise BaseLost(f"there is no branch {task.target} in {task.repo} any more")
    file, listed = read_blobs(git_dir, tip, (REPOSITORY_FILE, INCLUDE_FILE))
    origin = f"{REPOSITORY_FILE} ({task.target})"
    wishes = read_wishes(home.config, file, listed, origin=origin)
    checkout = Path(task.repo) if task.repo and Path(task.repo) != git_dir else None
    saved = _saved_work(steps, mirror)
    workspace = _open_workspace(steps, mirror, saved or base, checkout)
    return Bench(
        workspace=workspace,
        wishes=wishes,
        before=fingerprint(git_dir, checkout),
        continues=saved is not None,
        origin=(grown := _origin(workspace, mirror, base, tip)),
        # A rework starts from the change that was rejected: leaving that as it is, is a change.
        start=grown if task.rework_count or workspace.place is Place.IN_PLACE else base,
    )


def _origin(workspace: Workspace, mirror: Mirror, base: str, tip: str) -> str | None:
    """Return what a change is measured against: in place, what is checked out right now."""
    if workspace.place is Place.IN_PLACE:
        return workspace.base
    return merge_base(mirror.git_dir, base, tip) or base


def _saved_work(steps: Steps, mirror: Mirror) -> str | None:
    """Return where a resumed session left off: what it remembers doing has to be there."""
    task = steps.claim.task
    if task.session is None or task.place is not Place.WORKTREE or task.rework_count:
        return None
    with steps.shop.database.read() as transaction:
        earlier = attempts.of_task(transaction, task.id)
    for attempt in reversed(earlier):
        if attempt.saved_ref and attempt.session == task.session:
            return read_ref(mirror.git_dir, attempt.saved_ref)
    return None


def _open_workspace(steps: Steps, mirror: Mirror, base: str, checkout: Path | None) -> Workspace:
    task, attempt, home = steps.claim.task, steps.claim.attempt, steps.shop.home
    if task.place is Place.IN_PLACE and checkout is not None:
        with steps.shop.database.read() as transaction:
            store = meta.store_name(transaction)
        return open_in_place(checkout, mirror, store=store, task=task.id, attempt=attempt.number)
    return open_workspace(
        home.workspaces,
        mirror,
        task=task.id,
        attempt=attempt.number,
        base=base,
        place=task.place,
    )


async def put_away(steps: Steps, bench: Bench, seen: Seen) -> Ending:
    """Save what the agent left, hold it against what it says, and make the ending of it."""
    task = steps.claim.task
    if task.git_dir is None:
        outcome, error = judge(seen, Left(tree_changed=False), "allowed")
        return _ending(seen, outcome, error, None)
    try:
        shot = await aside(_snapshot, steps, bench)
    except DeputizeError as error:
        steps.log.milestone(f"the work could not be saved: {error.message}")
        told = f"the work could not be saved and stays in {bench.path}: {error.message}"
        lost = Outcome.OUT_OF_DISK if _is_full(error) else Outcome.AGENT_ERROR
        return _ending(seen, lost, told, None)
    for text in await aside(_differences, task, bench):
        await steps.milestone(text)
    rule = change_rule(task, bench.config)
    left = await aside(_left, bench, shot)
    if left.dirty:
        steps.log.milestone("uncommitted work was committed as the agent's")
    for path in left.skipped:
        steps.log.milestone(f"left out: {path} (a repository of its own, or unreadable)")
    outcome, message = judge(seen, left, rule)
    ending = _ending(seen, outcome, message, bench.workspace.ref if left.tree_changed else None)
    if outcome is Outcome.SUCCEEDED and left.tree_changed and task.place is Place.WORKTREE:
        change = await aside(_change, steps, bench, shot)
        ending = replace(ending, change=change)
    return ending


def _is_full(error: DeputizeError) -> bool:
    return isinstance(error, GitError) and is_out_of_disk(error)


def _ending(seen: Seen, outcome: Outcome, error: str | None, saved_ref: str | None) -> Ending:
    return queue.Ending(
        outcome=outcome,
        exit_code=seen.exit_code,
        error=error,
        usage=seen.usage,
        tools=seen.tools,
        summary=summary_of(seen.answer),
        answer=seen.answer or None,
        session=seen.session,
        retry_at=seen.retry_at,
        saved_ref=saved_ref,
    )


def _snapshot(steps: Steps, bench: Bench) -> Snapshot:
    task = steps.claim.task
    return take_snapshot(bench.workspace, message=task.title, agent=task.agent)


def _left(bench: Bench, shot: Snapshot) -> Left:
    """Compare the final tree with where the task started, however many attempts it took."""
    mirror, start = bench.workspace.mirror, bench.start or shot.base
    files = file_changes(mirror.git_dir, start, shot.head) if mirror else ()
    return Left(tree_changed=bool(files), files=len(files), dirty=shot.dirty, skipped=shot.skipped)


def _differences(task: Task, bench: Bench) -> list[str]:
    """Say what is different in the user's repository; people may well have worked there."""
    if bench.before is None or task.git_dir is None or task.place is Place.IN_PLACE:
        return []
    checkout = Path(task.repo) if task.repo and task.repo != task.git_dir else None
    after = fingerprint(Path(task.git_dir), checkout)
    return [
        ("ALARM: " if found.alarming else "note: ") + found.text
        for found in compare(bench.before, after)
    ]


def _change(steps: Steps, bench: Bench, shot: Snapshot) -> Change:
    """Describe the whole change: from where it left the target, not only from this attempt on."""
    task, attempt = steps.claim.task, steps.claim.attempt
    base = bench.origin or shot.base
    files = file_changes(bench.workspace.worktree.mirror.git_dir, base, shot.head)
    return Change(
        id=0,
        task=task.id,
        attempt=attempt.id,
        state=ChangeState.PROPOSED,
        repo=task.repo or "",
        git_dir=task.git_dir or "",
        target=task.target or "",
        base=base,
        head=shot.head,
        tree=shot.tree,
        files=files,
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
        risk="low",
        risk_reasons=(),
        reason=None,
        approved_tree=None,
        tip=None,
        candidate=None,
        checks=(),
        landed_commit=None,
        batch=None,
        created_at=steps.shop.now(),
        settled_at=None,
    )


async def clear_bench(steps: Steps) -> None:
    """Take a worktree away whose work is safe; what isn't safe stays, and the log says so."""
    with steps.shop.database.read() as transaction:
        attempt = attempts.get(transaction, steps.claim.attempt.id)
    await aside(_clear, steps.shop, attempt, steps.claim.task)


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
    for attempt in left:
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
        except DeputizeError as error:
            log.get("upkeep").warning("workspace stays", path=attempt.workspace, why=error.message)
            return
    with shop.database.write() as transaction:
        attempts.workspace_removed(transaction, attempt.id, shop.now())


def find_attempts(shop: Workshop, attempt: Attempt, task: Task) -> Workspace | None:
    """Return the worktree that an attempt was given; None where there is none (any more)."""
    if task.git_dir is None or attempt.base is None:
        return None
    mirror = open_mirror(shop.home.repos, Path(task.git_dir))
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
    if task.place not in {Place.WORKTREE, Place.READ_ONLY}:
        return None
    try:
        workspace = find_attempts(shop, attempt, task)
        if workspace is None:
            return None
        take_snapshot(workspace, message=f"{task.title} (saved)", agent=task.agent, wip=True)
    except DeputizeError as error:
        log.get("upkeep").error("work not saved", path=attempt.workspace, why=error.message)
        return None
    return workspace.wip_ref
