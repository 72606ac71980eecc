"""A clean workspace for checks: a commit as git has it, nothing else, gone afterwards."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.git.worktree import Worktree, add_worktree
from deputize.workspace.worktree import discard

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.git.repository import Mirror


def open_clean(home_workspaces: Path, mirror: Mirror, change: int, commit: str) -> Worktree:
    """Make a working tree of `commit`, in place of one that an interrupted landing has left."""
    path = home_workspaces.absolute() / mirror.slug / f"landing-{int(change)}"
    discard_clean(Worktree(mirror=mirror, path=path, base=commit))
    return add_worktree(mirror, path, commit)


def discard_clean(worktree: Worktree) -> None:
    """Take the working tree away with all that checks have left in it: it holds nobody's work."""
    if os.path.lexists(worktree.path) or worktree.records.exists():
        discard(worktree.path, worktree.records)
