"""What of a workspace is whose: its own to write, others' to borrow from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deputize.git.worktree import Worktree
    from deputize.workspace.worktree import Workspace

from deputize.model.task import Place

GIT = ".git"
ALTERNATES = Path("info") / "alternates"
MOST_BYTES = 1 << 20
DEEPEST = 5


class Places(NamedTuple):
    """Paths by what may be done there."""

    read: tuple[Path, ...]
    write: tuple[Path, ...]


def places_of(workspace: Workspace) -> Places:
    """Return what programs need of a workspace.

    In place, the folder is the user's checkout: its git directory is for reading only.
    """
    if workspace.place is Place.IN_PLACE and workspace.mirror:
        source = workspace.mirror.source
        read = (workspace.path / GIT, source, *borrowed(source / "objects"))
        return Places(read=read, write=(workspace.path,))
    if workspace.mirror is None:
        return Places(read=(), write=(workspace.path,))
    return places_of_worktree(workspace.worktree)


def places_of_worktree(worktree: Worktree) -> Places:
    """Return what programs need of a working tree of ours: its own git directory is theirs.

    Of the mirror, and of the user's repository, they see the objects, which they borrow.
    """
    objects = worktree.mirror.objects
    return Places(read=(objects, *borrowed(objects)), write=(worktree.path, worktree.git_dir))


def borrowed(objects: Path, depth: int = DEEPEST) -> tuple[Path, ...]:
    """Return the folders of objects that a folder of objects borrows from, near or far."""
    found: list[Path] = []
    for line in _lines(objects / ALTERNATES) if depth else ():
        other = objects / line
        found += (other, *borrowed(other, depth - 1))
    return tuple(dict.fromkeys(found))


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES)
    except OSError:
        return []
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    return [_plain(line) for line in lines if line and not line.startswith("#")]


def _plain(line: str) -> str:
    """Take a path out of the quotes that git puts around one with odd characters."""
    if not (line.startswith('"') and line.endswith('"')):
        return line
    quoted = line[1:-1].encode("utf-8", "surrogateescape")
    return quoted.decode("unicode_escape").encode("latin-1").decode("utf-8", "surrogateescape")
