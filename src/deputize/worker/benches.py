"""Benches: where an attempt's agent works, whatever the place."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import (
    AgentError,
    ConfigError,
    DeputizeError,
    GitError,
    IllegalMove,
    StoreUnavailable,
)
from deputize.gate.holding import policy_of
from deputize.git.command import BaseLost, is_out_of_disk
from deputize.git.locate import read_blobs
from deputize.git.merges import merge_base
from deputize.git.refs import pin, read_ref
from deputize.git.repository import open_mirror
from deputize.model.outcome import Outcome
from deputize.model.ruleset import Profile
from deputize.model.task import Output, Place
from deputize.store import attempts, meta
from deputize.worker.preparation import prepare, require_trust
from deputize.worker.verifying import deciding_checks
from deputize.workshop import aside
from deputize.workspace.isolation import Fingerprint, fingerprint
from deputize.workspace.sandbox.shelter import NO_SHELTER, Shelter, level_of
from deputize.workspace.worktree import (
    Workspace,
    open_in_place,
    open_scratch,
    open_workspace,
    workspace_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deputize.config.settings import CheckSettings, Config
    from deputize.git.repository import Mirror
    from deputize.model.task import Task
    from deputize.worker.steps import Steps


LOOK_AGAIN_SECONDS = 5
"""How long an attempt that can't begin is left alone at first; doubled look by look."""
LONGEST_LOOK_SECONDS = 300


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
    shelter: Shelter = NO_SHELTER
    """The sandbox around all that runs here."""
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

    def deciding_checks(self, task: Task) -> Mapping[str, CheckSettings]:
        """Return the checks that run here once the agent has ended, and decide."""
        return deciding_checks(task, self.config.role(task.role), self.config.checks)

    async def prepare(self, steps: Steps) -> None:
        """Run the setup steps; AgentError where one fails, or where a command isn't trusted."""
        in_place = self.workspace.place is Place.IN_PLACE
        if self.deciding_checks(steps.claim.task):
            await require_trust(steps, self.wishes, self.wishes.lines)
        elif not in_place and self.workspace.mirror:
            await require_trust(steps, self.wishes, self.wishes.before_start)
        if not in_place:
            await prepare(steps, self.workspace, self.wishes, self.shelter)


def change_rule(task: Task, config: Config) -> str:
    """Say whether the task has to, may, or may not change something."""
    if task.place is Place.READ_ONLY or policy_of(task, config).profile is Profile.READ_ONLY:
        return "forbidden"
    role = config.role(task.role)
    rule = role.change if role else "required"
    return "allowed" if task.place is Place.SCRATCH and rule == "required" else rule


def answers_with_request(task: Task, config: Config) -> bool:
    """Say whether the agent edits nothing, and answers with what is to change."""
    if task.place is not Place.WORKTREE or change_rule(task, config) == "forbidden":
        return False
    return config.output_of(task.output, task.agent) == Output.CHANGE_REQUEST


def may_edit(task: Task, config: Config) -> bool:
    """Say whether the agent may edit files that become part of a change."""
    return change_rule(task, config) != "forbidden" and not answers_with_request(task, config)


def may_touch(task: Task, config: Config) -> bool:
    """Say whether files of the workspace may change at all, even such as git doesn't track.

    Whoever runs checks leaves caches and reports behind, which are no change.
    """
    role = config.role(task.role)
    runs_checks = role is not None and role.runs_checks
    may = runs_checks or may_edit(task, config)
    return may and task.place is not Place.READ_ONLY and not answers_with_request(task, config)


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
    except (ConfigError, IllegalMove) as error:
        # Settings that can't be read, a checkout that isn't clean: it goes on once that is mended.
        why = f"{error.message} ({error.hint})" if error.hint else error.message
        raise AgentError(Outcome.PARKED, why) from error
    except StoreUnavailable:
        raise  # no fault of the task's: it is given back
    except DeputizeError as error:
        raise AgentError(Outcome.SETUP_FAILED, error.message, hint=error.hint) from error
    await steps.milestone(f"workspace ready: {bench.path}")
    return bench


def parked_until(steps: Steps) -> datetime:
    """Return when to look again whether what keeps an attempt from beginning has been mended."""
    tried = steps.claim.attempt.number - steps.claim.task.round_start
    wait = min(LOOK_AGAIN_SECONDS * 2 ** min(tried, 10), LONGEST_LOOK_SECONDS)
    return steps.shop.now() + timedelta(seconds=wait)


def _open_scratch(steps: Steps) -> Bench:
    home, claim = steps.shop.home, steps.claim
    wishes = Wishes(config=load_config(home.config))
    level_of(wishes.config.sandbox.level)
    workspace = open_scratch(home.workspaces, task=claim.task.id, attempt=claim.attempt.number)
    steps.note_workspace(workspace.path, None)
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
    # Before anything is made: where a sandbox is asked for that isn't there, nothing begins.
    level_of(wishes.config.sandbox.level)
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
