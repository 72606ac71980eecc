"""Taking a snapshot in a test, and reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.git.command import Git, fields
from deputize.git.refs import read_ref, tree_of
from deputize.git.snapshot import Snapshot, snapshot

if TYPE_CHECKING:
    from deputize.git.worktree import Worktree

REF = "refs/deputize/1/1"
TRAILERS = {"Deputize-Task": "1", "Deputize-Attempt": "1", "Deputize-Agent": "test"}
START = [".gitignore", "a.py", "b.py", "src/deep/module.py"]
"""The paths of the project that the tests begin with."""


def take(worktree: Worktree) -> Snapshot:
    """Take a snapshot and check that it is kept, whole, and holds no loose ends."""
    taken = snapshot(worktree, message="the work", trailers=TRAILERS, ref=REF)
    mirror = worktree.mirror.git_dir
    assert read_ref(mirror, REF) == taken.head
    assert tree_of(mirror, taken.head) == taken.tree
    Git(mirror).run("fsck", "--strict", "--connectivity-only", REF)
    assert not list(mirror.glob("incoming-*"))
    return taken


def changes_anything(worktree: Worktree, taken: Snapshot) -> bool:
    """Tell whether the tree differs from that of the base."""
    return taken.tree != tree_of(worktree.mirror.git_dir, worktree.base)


def paths(worktree: Worktree, taken: Snapshot) -> list[str]:
    """Return the paths of the snapshot's tree."""
    listed = Git(worktree.mirror.git_dir).read("ls-tree", "-r", "-z", "--name-only", taken.tree)
    return fields(listed)


def content(worktree: Worktree, taken: Snapshot, path: str) -> bytes:
    """Return a file of the snapshot."""
    return Git(worktree.mirror.git_dir).read("cat-file", "blob", f"{taken.tree}:{path}")
