"""Make the commit that would land: the change merged onto the target's tip, in no checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import ConfigError
from deputize.git.command import BaseLost
from deputize.git.commits import trailer_of
from deputize.git.locate import read_blobs
from deputize.git.merges import Conflicted, commit_tree, is_ancestor, merge_tree
from deputize.git.refs import landing_ref, read_ref, set_ref, tree_of
from deputize.git.repository import Mirror, open_mirror
from deputize.workspace.sandbox.shelter import level_of
from deputize.workspace.worktree import TASK_TRAILER, trailers_of

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.attempt import Attempt
    from deputize.model.change import Change
    from deputize.model.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a change is to land, as it is now."""

    mirror: Mirror
    tip: str
    wishes: Wishes
    problem: str | None = None
    """What keeps its commands from running: wrong settings, a sandbox that isn't there."""

    @property
    def config(self) -> Config:
        """The settings that hold there."""
        return self.wishes.config


def look(home: Home, change: Change) -> Ground:
    """Read the target as it is now; BaseLost where the repository or the branch is gone."""
    git_dir = Path(change.git_dir)
    mirror = open_mirror(home.repos, git_dir)
    tip = read_ref(git_dir, f"refs/heads/{change.target}")
    if tip is None:
        hint = "make the branch again; the change waits"
        raise BaseLost(f"there is no branch {change.target} in {change.repo} any more", hint=hint)
    file, include = read_blobs(git_dir, tip, (REPOSITORY_FILE, INCLUDE_FILE))
    origin = f"{REPOSITORY_FILE} ({change.target})"
    try:
        wishes = read_wishes(home.config, file, include, origin=origin)
    except ConfigError as error:
        wishes = Wishes(config=load_config(home.config))
        return Ground(mirror=mirror, tip=tip, wishes=wishes, problem=error.message)
    try:
        level_of(wishes.config.sandbox.level)
    except ConfigError as error:
        problem = f"{error.message} ({error.hint})"
        return Ground(mirror=mirror, tip=tip, wishes=wishes, problem=problem)
    return Ground(mirror=mirror, tip=tip, wishes=wishes)


def make_candidate(
    ground: Ground, change: Change, task: Task, attempt: Attempt, store: str
) -> str | Conflicted:
    """Merge a change onto the tip and keep that commit by a ref; same inputs, same commit."""
    git_dir = ground.mirror.git_dir
    merged = merge_tree(git_dir, ground.tip, change.head)
    if isinstance(merged, Conflicted):
        return merged
    squash = ground.config.landing.style == "squash"
    attributed = trailer_of(git_dir, change.head, TASK_TRAILER) == str(task.id)
    if not squash and attributed and is_ancestor(git_dir, ground.tip, change.head):
        commit = change.head
    elif merged.tree == tree_of(git_dir, ground.tip):
        commit = ground.tip
    else:
        parents = (ground.tip,) if squash else (ground.tip, change.head)
        commit = commit_tree(
            git_dir,
            merged.tree,
            parents,
            task.title if squash else f"Land #{task.id}: {task.title}",
            trailers=trailers_of(task.id, attempt.number, attempt.agent),
            when=change.created_at,
        )
    set_ref(git_dir, landing_ref(store, change.id), commit)
    return commit
