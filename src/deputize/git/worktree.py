"""An attempt's working tree, with a git directory of its own.

The agent may do what it likes in either: branches, stashes, configuration, hooks and commits stay
there. The git directory borrows all objects from the mirror. Beside the tree `NAME` lies the folder
`.NAME`, which holds that git directory and what deputize remembers: the index as it was at the
start, what is ignored, and which files were copied in from the user's checkout.

No git of ours ever runs on the agent's git directory once the agent has: its configuration could
name programs. What is needed from there is read as plain files and objects.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, Git, fields, raw, text, zipped
from deputize.git.objects import write_alternates
from deputize.git.refs import COMMIT, require_commit
from deputize.git.repository import Mirror, copy_shallow, init, owned

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = """[user]
\tname = deputize
\temail = deputize@localhost
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
"""
OPENING = "opening-"
"""How a tree is called, among its records, until it is complete."""
REF_BYTES = 4096
PACKED_REFS_BYTES = 16 << 20
HOPS = 5
"""How many symbolic refs are followed from HEAD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """A working tree at `path` that started from the commit `base`."""

    mirror: Mirror
    path: Path
    base: str

    @property
    def records(self) -> Path:
        """The folder beside the tree with its git directory and our notes."""
        return self.path.with_name(f".{self.path.name}")

    @property
    def git_dir(self) -> Path:
        """The git directory that the agent works with."""
        return self.records / "git"

    @property
    def index(self) -> Path:
        """The index as it was after the checkout."""
        return self.records / "index"

    @property
    def exclude(self) -> Path:
        """The patterns that the user ignores outside the repository's own files."""
        return self.records / "exclude"

    def private_paths(self) -> frozenset[str]:
        """Return the files copied in from the user's checkout: never part of a change."""
        try:
            return frozenset(fields((self.records / "private").read_bytes()))
        except FileNotFoundError:
            return frozenset()


def add_worktree(mirror: Mirror, path: Path, base: str, *, exclude: str = "") -> Worktree:
    """Make a working tree at `path`, HEAD detached at `base`; `exclude` is more of `.gitignore`.

    Files are as the repository has them: no filter (LFS pointers stay pointers), line endings as
    `.gitattributes` says. Raises BaseLost where there is no such commit, FileExistsError where
    there is something at `path`.
    """
    worktree = Worktree(mirror=mirror, path=path, base=base)
    require_commit(mirror.git_dir, base)
    if os.path.lexists(path):
        raise FileExistsError(path)
    if worktree.records.exists():
        # Without the tree, this is what an interrupted call has left.
        shutil.rmtree(worktree.records)
    worktree.records.mkdir(parents=True, mode=0o700)
    tree = worktree.records / f"{owned(OPENING)}tree"
    _prepare(worktree, tree, exclude)
    git = Git(worktree.git_dir, work_tree=tree)
    words = ("checkout", "--quiet", "--detach", "--no-recurse-submodules", base)
    git.run(*words, timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)
    shutil.copy2(worktree.git_dir / "index", worktree.index)
    # Last, and in one step: a tree that is in its place is complete.
    tree.rename(path)
    return worktree


def note_private(worktree: Worktree, paths: frozenset[str]) -> None:
    """Keep `paths`, copied in from the user's checkout, out of every snapshot."""
    (worktree.records / "private").write_bytes(zipped(sorted(paths)))
    with (worktree.git_dir / "info" / "exclude").open("ab") as file:
        file.writelines(b"/" + _escaped(raw(path)) + b"\n" for path in sorted(paths))


def top_level(worktree: Worktree) -> Path | None:
    """Return what git says is the top of the tree. Only for a tree no agent has worked in."""
    git = Git(None, options=("-C", str(worktree.path)))
    shown = text(git.run("rev-parse", "--show-toplevel", accept=()).stdout).removesuffix("\n")
    return Path(shown) if shown else None


def is_removed(path: Path) -> bool:
    """Tell whether a working tree is gone.

    In a sandbox the folder itself can't be removed: without anything in it, not even a `.git`, it
    has been.
    """
    return path.is_symlink() or not path.is_dir() or not any(path.iterdir())


def is_intact(worktree: Worktree) -> bool:
    """Tell whether the tree's `.git` still leads to the git directory that it was given."""
    there = read_plain(worktree.path / ".git", REF_BYTES)
    return there == b"gitdir: %s\n" % os.fsencode(worktree.git_dir)


def agents_head(worktree: Worktree) -> str | None:
    """Return the commit that the agent's HEAD is at; None where that can't be told."""
    name = "HEAD"
    for _ in range(HOPS):
        value = _look_up(worktree.git_dir, name)
        if value is None or COMMIT.fullmatch(value):
            return value
        name = value.removeprefix("ref:").strip()
        if not name.startswith("refs/") or ".." in name:
            return None
    return None


def agents_tips(worktree: Worktree) -> frozenset[str]:
    """Return every commit that a HEAD, branch, tag or stash of the agent's names."""
    git_dir = worktree.git_dir
    tips = {agents_head(worktree) or worktree.base, *_packed_refs(git_dir).values()}
    tips.update(_look_up(git_dir, name) or "" for name in _loose_refs(git_dir))
    stashes = (read_plain(git_dir / "logs/refs/stash", PACKED_REFS_BYTES) or b"").decode("latin-1")
    tips.update(line.split(" ", 2)[1] for line in stashes.splitlines() if line.count(" ") > 1)
    return frozenset(tip for tip in tips if COMMIT.fullmatch(tip))


def _prepare(worktree: Worktree, tree: Path, exclude: str) -> None:
    git_dir, mirror = worktree.git_dir, worktree.mirror
    init(tree, mirror.object_format, f"--separate-git-dir={git_dir}")
    with (git_dir / "config").open("a") as config:
        config.write(CONFIG)
    write_alternates(git_dir / "objects", mirror.objects)
    copy_shallow(mirror.git_dir, git_dir)
    (git_dir / "info").mkdir(exist_ok=True)
    for file in (worktree.exclude, git_dir / "info" / "exclude"):
        file.write_text(exclude, encoding="utf-8", errors="surrogateescape")


def _look_up(git_dir: Path, name: str) -> str | None:
    loose = read_plain(git_dir / name, REF_BYTES)
    if loose is not None:
        return loose.decode("utf-8", "surrogateescape").strip()
    return _packed_refs(git_dir).get(name)


def _packed_refs(git_dir: Path) -> dict[str, str]:
    lines = text(read_plain(git_dir / "packed-refs", PACKED_REFS_BYTES) or b"").split("\n")
    pairs = (line.split(" ", 1) for line in lines if line[:1] not in {"", "#", "^"} and " " in line)
    return {name: commit for commit, name in pairs}


def _loose_refs(git_dir: Path) -> Iterator[str]:
    for folder, _, files in os.walk(git_dir / "refs"):
        for name in files:
            yield os.path.relpath(f"{folder}/{name}", git_dir)


def read_plain(path: Path, limit: int) -> bytes | None:
    """Read a plain file that an agent may have replaced: no folder, no link, no pipe, no giant."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _escaped(path: bytes) -> bytes:
    """Write a path so that a line of `.gitignore` means it and nothing else (gitignore(5))."""
    return b"".join(
        b"\\" + bytes((byte,)) if byte in b"\\*?[ !#" else bytes((byte,)) for byte in path
    )
