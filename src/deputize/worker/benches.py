"""Benches: where an attempt's agent works, whatever the place, and what is made of it."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import queue
from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import AgentError, DeputizeError, GitError
from deputize.git.command import BaseLost, is_out_of_disk
from deputize.git.diff import file_changes
from deputize.git.locate import read_blobs
from deputize.git.merges import merge_base
from deputize.git.refs import pin, read_ref
from deputize.git.repository import open_mirror
from deputize.model.change import Change
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState
from deputize.model.task import Place
from deputize.store import attempts, meta
from deputize.worker.evidence import Left, Seen, judge, summary_of
from deputize.worker.full_disk import is_passing
from deputize.worker.preparation import prepare
from deputize.workshop import aside
from deputize.workspace.isolation import Fingerprint, compare, fingerprint
from deputize.workspace.worktree import (
    Workspace,
    open_in_place,
    open_scratch,
    open_workspace,
    take_snapshot,
    workspace_path,
)

if TYPE_CHECKING:
    from deputize.config.settings import Config
    from deputize.git.repository import Mirror
    from deputize.git.snapshot import Snapshot
    from deputize.model.task import Task
    from deputize.queue import Ending
    from deputize.worker.steps import Steps


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
    except OSError as error:
        raise AgentError(_outcome_of(error), f"no workspace could be made: {error}") from error
    except DeputizeError as error:
        raise AgentError(Outcome.SETUP_FAILED, error.message, hint=error.hint) from error
    await steps.milestone(f"workspace ready: {bench.path}")
    return bench


def _open_scratch(steps: Steps) -> Bench:
    home, claim = steps.shop.home, steps.claim
    workspace = open_scratch(home.workspaces, task=claim.task.id, attempt=claim.attempt.number)
    steps.note_workspace(workspace.path, None)
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
    workspace = _open_workspace(steps, mirror, base, saved, checkout)
    origin = _origin(workspace, mirror, base, tip)
    _pin(steps, git_dir, origin)
    return Bench(
        workspace=workspace,
        wishes=wishes,
        before=fingerprint(git_dir, checkout),
        continues=workspace.continues,
        origin=origin,
        # A rework starts from the change that was rejected: leaving that as it is, is a change.
        start=origin if task.rework_count or workspace.place is Place.IN_PLACE else base,
    )


def _pin(steps: Steps, git_dir: Path, origin: str) -> None:
    """Keep what the work grows from, also where that was settled only now, or the task revived."""
    with steps.shop.database.read() as transaction:
        store = meta.store_name(transaction)
    pin(git_dir, store, origin)


def _outcome_of(error: OSError) -> Outcome:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return Outcome.OUT_OF_DISK if full else Outcome.SETUP_FAILED


def _origin(workspace: Workspace, mirror: Mirror, base: str, tip: str) -> str:
    """Return what a change is measured against: in place, what is checked out right now."""
    if workspace.place is Place.IN_PLACE:
        return workspace.base or base
    return merge_base(mirror.git_dir, base, tip) or base


def _saved_work(steps: Steps, mirror: Mirror) -> str | None:
    """Return where a resumed session left off: what it remembers doing has to be there.

    In place, what an earlier attempt did is in the checkout anyway, remembered or not.
    """
    task = steps.claim.task
    in_place = task.place is Place.IN_PLACE
    resumes = task.session is not None and task.place is Place.WORKTREE and not task.rework_count
    if not (in_place or resumes):
        return None
    with steps.shop.database.read() as transaction:
        earlier = attempts.of_task(transaction, task.id)
    for attempt in reversed(earlier):
        if attempt.saved_ref and (in_place or attempt.session == task.session):
            return read_ref(mirror.git_dir, attempt.saved_ref)
    return None


def _open_workspace(
    steps: Steps, mirror: Mirror, base: str, saved: str | None, checkout: Path | None
) -> Workspace:
    task, attempt, home = steps.claim.task, steps.claim.attempt, steps.shop.home
    if task.place is Place.IN_PLACE and checkout is not None:
        with steps.shop.database.read() as transaction:
            store = meta.store_name(transaction)
        place = open_in_place(
            checkout, mirror, store=store, task=task.id, attempt=attempt.number, left=saved
        )
        steps.note_workspace(place.path, place.base)
        return place
    # Noted before it is made: a worker that dies in between leaves nothing that nobody knows of.
    path = workspace_path(home.workspaces, mirror, task.id, attempt.number)
    steps.note_workspace(path, saved or base)
    workspace = open_workspace(
        home.workspaces,
        mirror,
        task=task.id,
        attempt=attempt.number,
        base=saved or base,
        place=task.place,
    )
    return replace(workspace, continues=saved is not None)


async def put_away(steps: Steps, bench: Bench, seen: Seen) -> Ending:
    """Save what the agent left, hold it against what it says, and make the ending of it.

    Raises only what `is_passing`, or for which nothing was foreseen; then it can be called again.
    """
    if steps.claim.task.git_dir is None:
        outcome, message = judge(seen, Left(tree_changed=False), "allowed")
        return _ending(seen, outcome, message, None)
    try:
        return await _from_the_tree(steps, bench, seen)
    except (DeputizeError, OSError) as error:
        if is_passing(error):
            raise
        return unsaved(steps, bench, seen, error)


async def _from_the_tree(steps: Steps, bench: Bench, seen: Seen) -> Ending:
    task = steps.claim.task
    shot = await aside(_snapshot, steps, bench)
    alarms = await _compare(steps, bench)
    rule = change_rule(task, bench.config)
    left = await aside(_left, bench, shot)
    if left.dirty:
        steps.log.milestone("uncommitted work was committed as the agent's")
    for path in left.skipped:
        steps.log.milestone(f"left out: {path} (a repository of its own, or unreadable)")
    outcome, message = judge(seen, left, rule)
    ending = _ending(seen, outcome, message, bench.workspace.ref if left.tree_changed else None)
    if outcome is Outcome.SUCCEEDED and left.tree_changed and task.place is Place.WORKTREE:
        change = await aside(_change, steps, bench, shot, alarms)
        ending = replace(ending, change=change)
    return ending


def unsaved(steps: Steps, bench: Bench, seen: Seen, error: Exception) -> Ending:
    """Make the ending of an attempt whose work can't be saved, and stays where it is."""
    steps.log.milestone(f"the work could not be saved: {error}")
    told = f"the work could not be saved and stays in {bench.path}: {error}"
    lost = Outcome.AGENT_ERROR if seen.outcome is Outcome.SUCCEEDED else seen.outcome
    return _ending(seen, Outcome.OUT_OF_DISK if is_passing(error) else lost, told, None)


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
        model=seen.model,
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


def _but_landings(
    before: Fingerprint, after: Fingerprint, target: str
) -> tuple[Fingerprint, Fingerprint]:
    """Leave out what a landing changes: the target, and what is staged where it is checked out."""
    if before.refs.get(target) == after.refs.get(target):
        return before, after
    refs = [
        {name: at for name, at in taken.refs.items() if name != target} for taken in (before, after)
    ]
    return replace(before, refs=refs[0], index=""), replace(after, refs=refs[1], index="")


async def _compare(steps: Steps, bench: Bench) -> tuple[str, ...]:
    """Hold the user's repository against what it was, and return what should alarm a person.

    People work there meanwhile and other changes land: that alone is a line in the log.
    """
    task = steps.claim.task
    if bench.before is None or task.git_dir is None or task.place is Place.IN_PLACE:
        return ()
    checkout = Path(task.repo) if task.repo and task.repo != task.git_dir else None
    after = await aside(fingerprint, Path(task.git_dir), checkout)
    found = compare(*_but_landings(bench.before, after, f"refs/heads/{task.target}"))
    for difference in found:
        if difference.alarming:
            await steps.milestone(f"ALARM: {difference.text}")
        else:
            steps.log.milestone(f"note: {difference.text}")
    return tuple(difference.text for difference in found if difference.alarming)


def _change(steps: Steps, bench: Bench, shot: Snapshot, alarms: tuple[str, ...]) -> Change:
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
        risk_reasons=alarms,
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
