"""Copy files that git does not track, such as `.env`, from the user's checkout to a worktree.

Which ones says the repository's `.worktreeinclude`, as it is at the target's tip and as a person
has trusted it. Only plain files inside the checkout are copied, never through a symbolic link,
never over a file that is there.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.config.load import INCLUDE_FILE
from deputize.errors import InvalidInput
from deputize.git.checkout import matching
from deputize.git.worktree import note_private

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.git.worktree import Worktree

PATTERN_BYTES = 64 << 10
MOST_FILES = 2000
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """What was copied in, and what was not and why."""

    copied: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    """Pairs of a path and a reason."""


NOTHING = Included()


def include(worktree: Worktree, checkout: Path, patterns: bytes) -> Included:
    """Copy the files that `patterns`, written like a `.gitignore`, name in `checkout`.

    Whoever calls has seen to it that exactly these patterns are trusted. At most 2000 files of
    64 MiB in all; they are kept out of every snapshot. Raises GitError, InvalidInput where the
    patterns are longer than 64 KiB.
    """
    if len(patterns) > PATTERN_BYTES:
        raise InvalidInput(f"{INCLUDE_FILE} has {len(patterns)} bytes, at most {PATTERN_BYTES}")
    if not patterns.strip():
        return NOTHING
    found = matching(checkout, patterns)
    # Before the first byte is there: a copy that is interrupted must not end up in a commit.
    note_private(worktree, frozenset(path for path in found if "\n" not in path))
    return _copy_all(checkout, worktree.path, sorted(found))


def _copy_all(source: Path, target: Path, paths: list[str]) -> Included:
    copied: list[str] = []
    refused: list[tuple[str, str]] = []
    left = MOST_BYTES
    for path in paths:
        size = _plain_size(source, path)
        reason = _objection(target, path, size, left, len(copied))
        if reason is None and size is not None:
            _copy(source / path, target, path)
            copied.append(path)
            left -= size
        else:
            refused.append((path, reason or "it is not a plain file"))
    return Included(copied=tuple(copied), refused=tuple(refused))


def _plain_size(source: Path, path: str) -> int | None:
    """Return the size of a plain file reached without any symbolic link; else None."""
    status = (source / path).lstat() if not _crosses_link(source, path) else None
    return status.st_size if status is not None and stat.S_ISREG(status.st_mode) else None


def _objection(target: Path, path: str, size: int | None, left: int, count: int) -> str | None:
    if size is None:
        return "it is not a plain file"
    if "\n" in path:
        return "its name has a line break in it"
    if _crosses_link(target, path) or os.path.lexists(target / path):
        return "the repository has something else there"
    if count >= MOST_FILES:
        return f"more than {MOST_FILES} files"
    return None if size <= left else f"more than {MOST_BYTES >> 20} MiB in all"


def _crosses_link(top: Path, path: str) -> bool:
    """Tell whether a folder on the way to `path` is a symbolic link, or no folder."""
    folder = top
    for part in path.split("/")[:-1]:
        folder /= part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()) or part == "..":
            return True
    return False


def _copy(source: Path, top: Path, path: str) -> None:
    target = top / path
    target.parent.mkdir(parents=True, exist_ok=True)
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(reading, "rb") as content:
        mode = stat.S_IMODE(os.fstat(reading).st_mode)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(writing, "wb") as copy:
            shutil.copyfileobj(content, copy)
            os.fchmod(writing, mode & 0o777)
