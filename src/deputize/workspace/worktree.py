"""The workspace of an attempt: made, found after a crash, removed only when that is safe."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import IllegalMove, ProcessError
from deputize.git.checkout import head_commit, keep_pre_image, require_clean, users_excludes
from deputize.git.refs import is_kept, tree_of
from deputize.git.repository import is_left_behind, owned
from deputize.git.snapshot import Snapshot, holds, measure, save_aside, snapshot, snapshot_checkout
from deputize.git.worktree import OPENING, Worktree, add_worktree, top_level
from deputize.model.task import Place
from deputize.showing import shown_name

if TYPE_CHECKING:
    from deputize.git.repository import Mirror

TRASH = ".trash"
SCRATCH = "scratch"
TASK_TRAILER = "Deputize-Task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The folder that an attempt's agent works in."""

    path: Path
    place: Place
    task: int
    attempt: int
    base: str | None = None
    """The commit it starts from; None for a scratch folder."""
    mirror: Mirror | None = None
    continues: bool = False
    """It holds what an earlier attempt of the task had done."""

    @property
    def ref(self) -> str:
        """The ref of the mirror that keeps the attempt's commits."""
        return f"refs/deputize/{self.task}/{self.attempt}"

    @property
    def wip_ref(self) -> str:
        """The ref of the mirror that keeps what an interrupted attempt had done."""
        return f"refs/deputize/wip/{self.task}/{self.attempt}"

    @property
    def aside_prefix(self) -> str:
        """Where the mirror keeps commits that the agent left on branches and stashes."""
        return f"refs/deputize/aside/{self.task}/{self.attempt}"

    @property
    def worktree(self) -> Worktree:
        """The git side of it. Raises IllegalMove for places that are no worktree of ours."""
        if self.mirror is None or self.base is None or self.place is Place.IN_PLACE:
            raise IllegalMove(f"{self.path} is not a worktree of deputize's")
        return Worktree(mirror=self.mirror, path=self.path, base=self.base)


def open_workspace(
    home_workspaces: Path,
    mirror: Mirror,
    *,
    task: int,
    attempt: int,
    base: str,
    place: Place = Place.WORKTREE,
) -> Workspace:
    """Make the worktree of an attempt at `base`.

    Raises BaseLost where the base is gone, IllegalMove where the workspace is there already,
    ProcessError where git does not find itself in it, GitError.
    """
    path = workspace_path(home_workspaces, mirror, task, attempt)
    try:
        worktree = add_worktree(mirror, path, base, exclude=users_excludes(mirror))
    except FileExistsError as exc:
        raise IllegalMove(f"the workspace {path} exists", hint="start another attempt") from exc
    if top_level(worktree) != path.resolve():
        raise ProcessError(f"git does not take {path} for the top of a working tree")
    return Workspace(
        path=path,
        place=place,
        task=task,
        attempt=attempt,
        base=base,
        mirror=mirror,
    )


def find_workspace(
    home_workspaces: Path,
    mirror: Mirror,
    *,
    task: int,
    attempt: int,
    base: str,
    place: Place = Place.WORKTREE,
) -> Workspace | None:
    """Return the worktree that an attempt was given earlier; None where there is none.

    Of one whose agent removed the tree itself, what lies beside it is still there.
    """
    path = workspace_path(home_workspaces, mirror, task, attempt)
    if not path.with_name(f".{path.name}").is_dir():
        return None
    return Workspace(path=path, place=place, task=task, attempt=attempt, base=base, mirror=mirror)


def open_in_place(
    checkout: Path,
    mirror: Mirror,
    *,
    store: str,
    task: int,
    attempt: int,
    left: str | None = None,
) -> Workspace:
    """Take a clean checkout of the user's as the workspace, and keep its commit by a ref there.

    `left` is the commit of the mirror that has what an earlier attempt of the task left: a checkout
    that holds just that is taken too. Raises IllegalMove where it is neither, for then somebody
    else's work is in it. Whoever calls sees to it that only one attempt has it.
    """
    continues = left is not None and holds(checkout, mirror, left)
    base = head_commit(checkout) if continues else require_clean(checkout)
    keep_pre_image(mirror, store, task, base)
    return Workspace(
        path=checkout,
        place=Place.IN_PLACE,
        task=task,
        attempt=attempt,
        base=base,
        mirror=mirror,
        continues=continues,
    )


def open_scratch(home_workspaces: Path, *, task: int, attempt: int) -> Workspace:
    """Make an empty folder of its own, with no repository behind it; what is there stays."""
    path = home_workspaces.absolute() / SCRATCH / f"{task}-{attempt}"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Workspace(path=path, place=Place.SCRATCH, task=task, attempt=attempt)


def take_snapshot(workspace: Workspace, *, message: str, agent: str, wip: bool = False) -> Snapshot:
    """Commit what the attempt has done and keep it by its ref (`wip`: by its other ref).

    In place, the commit is made in the mirror and the checkout stays as it is. Raises IllegalMove
    for a scratch folder, GitError.
    """
    ref = workspace.wip_ref if wip else workspace.ref
    if workspace.place is Place.IN_PLACE and workspace.mirror and workspace.base:
        return snapshot_checkout(
            workspace.path, workspace.mirror, workspace.base, message=message, ref=ref
        )
    trailers = trailers_of(workspace.task, workspace.attempt, agent)
    return snapshot(workspace.worktree, message=message, trailers=trailers, ref=ref)


def trailers_of(task: int, attempt: int, agent: str) -> dict[str, str]:
    """Return the trailers that attribute a commit."""
    return {
        TASK_TRAILER: str(task),
        "Deputize-Attempt": str(attempt),
        "Deputize-Agent": agent,
    }


def remove_workspace(workspace: Workspace, captured: str) -> tuple[str, ...]:
    """Remove a worktree whose final files are those of the commit `captured`, kept by any ref.

    The agent's other commits are kept by refs of the mirror first; these are returned. Ignored
    files, and those copied in, go. Raises IllegalMove, and removes nothing, where the folder holds
    work that is in no kept commit.
    """
    worktree = workspace.worktree
    mirror = worktree.mirror
    if not is_kept(mirror.git_dir, captured) and not is_kept(mirror.source, captured):
        raise IllegalMove(f"no ref keeps {captured[:12]}: the workspace stays")
    if os.path.lexists(worktree.path):
        _require_captured(worktree, captured)
    kept = save_aside(worktree, prefix=workspace.aside_prefix, but=captured)
    discard(worktree.path, worktree.records)
    return kept


def workspace_path(home_workspaces: Path, mirror: Mirror, task: int, attempt: int) -> Path:
    """Return where the worktree of an attempt is, or would be."""
    return home_workspaces.absolute() / mirror.slug / f"{int(task)}-{int(attempt)}"


def empty_trash(home_workspaces: Path) -> None:
    """Finish deletions, and take away openings, that the death of their process interrupted."""
    deletions, openings = litter(home_workspaces)
    for folder in deletions:
        shutil.rmtree(folder, ignore_errors=True)
    for tree in openings:
        discard(tree.parent)


def litter(home_workspaces: Path) -> tuple[list[Path], list[Path]]:
    """Return the deletions and the openings that the death of their process interrupted."""
    deletions = [each for each in home_workspaces.glob(f"*/{TRASH}/*") if is_left_behind(each)]
    openings = [each for each in home_workspaces.glob(f"*/.*/{OPENING}*") if is_left_behind(each)]
    return deletions, openings


def discard(*folders: Path) -> None:
    """Delete folders beside each other, whatever they hold: moved away first, no link followed."""
    trash = folders[0].parent / TRASH
    trash.mkdir(mode=0o700, exist_ok=True)
    grave = Path(tempfile.mkdtemp(prefix=owned("grave-"), dir=trash))
    for folder in folders:
        if os.path.lexists(folder):
            folder.rename(grave / folder.name)
    _make_deletable(grave)
    shutil.rmtree(grave, ignore_errors=True)


def _require_captured(worktree: Worktree, captured: str) -> None:
    now = measure(worktree)
    # "." means that the folder itself is gone: there is nothing in it to lose.
    left_out = [path for path in now.skipped if path != "."]
    if left_out:
        names = ", ".join(map(shown_name, left_out[:3]))
        raise IllegalMove(
            f"{worktree.path} holds what no commit has: {names}",
            hint="move it away, then try again",
        )
    if now.tree != tree_of(worktree.mirror.git_dir, captured):
        raise IllegalMove(f"{worktree.path} has changed since {captured[:12]} was taken")


def _make_deletable(grave: Path) -> None:
    """Give back the right to delete where an agent took it from its folders."""
    for folder, folders, _ in os.walk(grave):
        for name in folders:
            inner = Path(folder) / name
            if not inner.is_symlink():
                inner.chmod(0o700)
