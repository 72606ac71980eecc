"""Write the files of an attempt's working tree as a git tree, whatever its agent has done to git.

The work is done with the mirror's configuration, an index of our own and a folder for new objects:
the agent's configuration is not read, its index only for *which* files it tracks.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.command import (
    CHECKOUT_TIMEOUT_SECONDS,
    Git,
    fields,
    is_out_of_disk,
    text,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from deputize.git.worktree import Worktree

GITLINK = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A working tree as a git tree."""

    tree: str
    skipped: tuple[str, ...]
    """Inner repositories, and files that git could not take; sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tracked:
    """What the agent's index says of its paths."""

    paths: frozenset[str]
    sparse: frozenset[str]
    """Paths that a sparse checkout left out of the tree: unchanged, not deleted."""


def capture(worktree: Worktree, git: Git, index: Path, head: str, *, moved: bool) -> Captured:
    """Write the tree of all that is tracked, or neither tracked nor ignored, in `worktree`.

    `head` is the commit that says what is tracked, together with the agent's index unless its HEAD
    has `moved` elsewhere; `git` calls with `index` as its index file.
    """
    entries = _start_index(worktree, git, index, head)
    tracked = None if moved else _agents_index(worktree, git)
    forced = _follow_agents_index(worktree, git, entries, tracked)
    unsaved = _add_tracked(git)
    inner, loose = _untracked(worktree, git)
    wanted = (loose | forced) - worktree.private_paths()
    _add(git, wanted)
    final = _entries(git)
    odd = {path for path, mode in final.items() if mode == GITLINK} - _links_of(git, worktree.base)
    _words(git, ("update-index", "--force-remove", "-z", "--stdin"), odd)
    missing = {path for path in wanted if path not in final}
    skipped = inner | odd | unsaved | missing | _replaced_git_dir(worktree)
    return Captured(tree=git.line("write-tree"), skipped=tuple(sorted(skipped)))


def _start_index(worktree: Worktree, git: Git, index: Path, head: str) -> dict[str, str]:
    """Begin with what `head` tracks, keeping what is known of files that were not touched since."""
    try:
        # With its times: git tells from them which of its entries it must look at again.
        shutil.copy2(worktree.index, index)
        git.run("read-tree", "-m", head)
    except (OSError, GitError):
        index.unlink(missing_ok=True)
        # A commit can hold a tree that no index takes, such as one with `.git` in it.
        if git.run("read-tree", head, accept=()).exit_code != 0:
            git.run("read-tree", worktree.base)
    return _entries(git)


def _follow_agents_index(
    worktree: Worktree, git: Git, entries: dict[str, str], tracked: _Tracked | None
) -> set[str]:
    """Forget what the agent no longer tracks; return what it tracks in addition."""
    frozen = {path for path, mode in entries.items() if mode == GITLINK}
    forced: set[str] = set()
    if tracked is not None:
        _words(
            git, ("update-index", "--force-remove", "-z", "--stdin"), set(entries) - tracked.paths
        )
        forced = {path for path in tracked.paths - set(entries) if _is_file(worktree.path, path)}
        frozen = (frozen | (tracked.sparse & set(entries))) & tracked.paths
    # Git would start itself inside a submodule to look for changes, with that one's configuration.
    _words(git, ("update-index", "--skip-worktree", "-z", "--stdin"), frozen)
    return forced


def _agents_index(worktree: Worktree, git: Git) -> _Tracked | None:
    """Read which paths the agent tracks; None where its index is missing or broken."""
    index = worktree.git_dir / "index"
    try:
        if not stat.S_ISREG(index.lstat().st_mode):
            return None
        reader = Git(git.git_dir, index=index)
        listed = fields(reader.read("ls-files", "-t", "-z"))
    except (OSError, GitError):
        return None
    away = {entry[2:] for entry in listed if entry.startswith("S ")}
    return _Tracked(
        paths=frozenset(entry[2:] for entry in listed),
        sparse=frozenset(path for path in away if not os.path.lexists(worktree.path / path)),
    )


def _add_tracked(git: Git) -> set[str]:
    """Take the changes to tracked files; return those that could not be read."""
    finished = git.run(
        *("add", "--update", "--ignore-errors"),
        accept=(0, 1),
        timeout_seconds=CHECKOUT_TIMEOUT_SECONDS,
    )
    if finished.exit_code == 0:
        return set()
    return set(fields(git.read("diff-files", "--name-only", "-z", "--ignore-submodules=all")))


def _untracked(worktree: Worktree, git: Git) -> tuple[set[str], set[str]]:
    """Return the inner repositories, and the files that are neither tracked nor ignored."""
    words = ["ls-files", "--others", "-z", "--exclude-standard"]
    if worktree.exclude.is_file():
        words.append(f"--exclude-from={worktree.exclude}")
    finished = git.run(*words, timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)
    found = set(fields(finished.stdout))
    inner = {path for path in found if path.endswith("/")}
    return {path.removesuffix("/") for path in inner}, found - inner


def _add(git: Git, paths: Collection[str]) -> None:
    """Put files in the index; where one can't be read, all others."""
    try:
        _words(git, ("update-index", "--add", "-z", "--stdin"), paths)
    except GitError as error:
        if is_out_of_disk(error):
            raise
        words = (
            "add",
            "--force",
            "--ignore-errors",
            "--pathspec-file-nul",
            "--pathspec-from-file=-",
        )
        git.run(*words, stdin=zipped(paths), accept=(), timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)


def _entries(git: Git) -> dict[str, str]:
    """Return the mode of each path in the index."""
    pairs = (entry.split("\t", 1) for entry in fields(git.read("ls-files", "-s", "-z")))
    return {path: about.split(" ", 1)[0] for about, path in pairs}


def _links_of(git: Git, commit: str) -> set[str]:
    """Return the submodules of `commit`."""
    listed = text(git.read("ls-tree", "-r", "-z", commit)).split("\0")
    return {entry.split("\t", 1)[1] for entry in listed if entry.startswith(GITLINK)}


def _words(git: Git, words: tuple[str, ...], paths: Collection[str]) -> None:
    if paths:
        git.run(*words, stdin=zipped(paths), timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)


def _is_file(top: Path, path: str) -> bool:
    try:
        mode = (top / path).lstat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _replaced_git_dir(worktree: Worktree) -> set[str]:
    """Name the tree's `.git` where the agent has made a repository of its own there."""
    own = worktree.path / ".git"
    return {".git"} if own.is_dir() and not own.is_symlink() else set()
