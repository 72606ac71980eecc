"""A clean workspace for checks: a commit as git has it, nothing else, gone afterwards."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.git.worktree import Worktree, add_worktree
from deputize.workspace.worktree import discard

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.git.repository import Mirror

LANDING = "landing-"


def open_clean(home_workspaces: Path, mirror: Mirror, change: int, commit: str) -> Worktree:
    """Make a working tree of `commit`, in place of one that an interrupted landing has left."""
    clear_clean(home_workspaces, mirror, change)
    return add_worktree(mirror, _path(home_workspaces, mirror, change), commit)


def clear_clean(home_workspaces: Path, mirror: Mirror, change: int) -> None:
    """Take the working tree of a change's checks away, where there is one."""
    path = _path(home_workspaces, mirror, change)
    discard_clean(Worktree(mirror=mirror, path=path, base=""))


def list_clean(home_workspaces: Path, mirror: Mirror) -> tuple[int, ...]:
    """Return the changes whose working trees are there, or have left something behind."""
    names = (path.name for path in (home_workspaces.absolute() / mirror.slug).glob("*landing-*"))
    numbers = (name.removeprefix(".").removeprefix(LANDING) for name in names)
    return tuple(sorted({int(number) for number in numbers if number.isdecimal()}))


def discard_clean(worktree: Worktree) -> None:
    """Take the working tree away with all that checks have left in it: it holds nobody's work."""
    if os.path.lexists(worktree.path) or worktree.records.exists():
        discard(worktree.path, worktree.records)


def _path(home_workspaces: Path, mirror: Mirror, change: int) -> Path:
    return home_workspaces.absolute() / mirror.slug / f"{LANDING}{int(change)}"
