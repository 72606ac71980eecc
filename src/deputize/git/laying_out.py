"""Bring the files of a worktree to another tree, where what came before is known."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import DeputizeError
from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, Git, fields
from deputize.git.editing import STRICT

if TYPE_CHECKING:
    from deputize.git.editing import Editing
    from deputize.git.worktree import Worktree


class PathTaken(DeputizeError):
    """Something that git does not track is where a file is to be."""

    code = "path_taken"


def lay_out(worktree: Worktree, editing: Editing, tree: str) -> None:
    """Make the files of a worktree, which are at its base, those of `tree`, and track them.

    Nothing that git does not track is overwritten, and nothing is written through a link: raises
    PathTaken before anything is touched. Raises GitError, such as where a file has been changed.
    """
    index = editing.objects.with_name("laid-out")
    shutil.copy2(worktree.index, index)
    git = Git(
        worktree.mirror.git_dir,
        work_tree=worktree.path,
        index=index,
        objects=editing.objects,
        options=STRICT,
    )
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
    new = git.read("diff-tree", "-r", "-z", "--name-only", "--diff-filter=A", worktree.base, tree)
    gone = git.read("diff-tree", "-r", "-z", "--name-only", "--diff-filter=D", worktree.base, tree)
    freed = frozenset(fields(gone))
    for path in fields(new):
        _require_free(worktree.path, path, freed)
    words = ("read-tree", "-m", "-u", worktree.base, tree)
    git.run(*words, timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)
    _track(worktree, index)


def _require_free(top: Path, path: str, freed: frozenset[str]) -> None:
    """Raise PathTaken where something is at `path`, or a way to it is no plain folder."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        part = "/".join(parts[:count])
        try:
            mode = (top / part).lstat().st_mode
        except FileNotFoundError:
            return
        if part in freed:
            return  # a file of the base that goes
        if count == len(parts) and stat.S_ISDIR(mode):
            _require_empty(top, part, freed)
        elif count == len(parts) or not stat.S_ISDIR(mode):
            raise PathTaken(f"{part!r} is there already, and git does not track it")


def _require_empty(top: Path, folder: str, freed: frozenset[str]) -> None:
    """Raise PathTaken where a folder has more in it than files that go."""
    for place, folders, files in os.walk(top / folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            left = os.path.relpath(os.path.join(place, name), top)  # noqa: PTH118 - as `relpath`
            if left not in freed:
                raise PathTaken(f"{left!r} is there already, and git does not track it")


def _track(worktree: Worktree, index: Path) -> None:
    """Have the agent's repository track what is there now, ignored or not; a snapshot asks it.

    It may have been tampered with: nothing is followed, and no git of ours runs there.
    """
    theirs = worktree.git_dir
    if any(place.is_symlink() or not place.is_dir() for place in (worktree.records, theirs)):
        return
    new = theirs / "index.new"
    new.unlink(missing_ok=True)
    with new.open("xb") as file:
        file.write(index.read_bytes())
    new.replace(theirs / "index")
