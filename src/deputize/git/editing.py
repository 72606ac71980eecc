"""Edit a tree without any checkout: what is written vanishes again, unless it is wanted.

An editing works on one commit of a mirror, with an index and a folder for objects of its own. No
name from outside gets to git but as an entry of a tree, held against the rules for all disks.
Patches are applied to files that are called by numbers, so that none can reach another file.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import DeputizeError
from deputize.git.command import Git, failure, fields, raw
from deputize.git.objects import aside
from deputize.git.repository import INCOMING, owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deputize.git.repository import Mirror

STRICT = ("-c", "core.protectHFS=true", "-c", "core.protectNTFS=true", "-c", "core.fsync=none")
_AT_FAULT = re.compile(r"^error: patch failed: ([0-9]+):([0-9]+)$", re.MULTILINE)
_UNREADABLE = re.compile(
    r"^error: (?:corrupt patch|patch fragment without header) at (?:line |\S+:)([0-9]+)",
    re.MULTILINE,
)


class Entry(NamedTuple):
    """What a path is in a tree: a file, a link, or another repository."""

    mode: str
    object: str


class PatchRefused(DeputizeError):
    """A patch does not fit the file that it is for, or git can't read it."""

    code = "patch"

    def __init__(self, place: int, told: str) -> None:
        """Keep the `place` of the patch among those that were applied, and say what is wrong."""
        super().__init__(told)
        self.place = place


class Editing:
    """One commit that is being edited."""

    def __init__(self, mirror: Mirror, base: str, objects: Path) -> None:
        """Write to the folder `objects`, and to files beside it."""
        self.base = base
        self.objects = objects
        self._mirror = mirror
        self._folder = objects.parent

    def git(self, name: str = "index") -> Git:
        """Call git on the mirror with the index `name`, writing objects where they vanish."""
        return Git(
            self._mirror.git_dir,
            index=self._folder / name,
            objects=self.objects,
            options=STRICT,
        )

    def entries(self) -> dict[str, Entry]:
        """Return all that the commit has, by path."""
        listed = fields(self.git().read("ls-tree", "-r", "-z", "--full-tree", self.base))
        return dict(map(_entry, listed))

    def content(self, blob: str) -> bytes:
        """Return what a file holds."""
        return self.git().read("cat-file", "blob", blob)

    def size(self, blob: str) -> int:
        """Return how many bytes a file holds."""
        return int(self.git().line("cat-file", "-s", blob))

    def write(self, contents: Sequence[bytes]) -> list[str]:
        """Write files as they are, and return their objects."""
        folder = self._folder / "contents"
        folder.mkdir(exist_ok=True)
        for place, content in enumerate(contents):
            (folder / str(place)).write_bytes(content)
        # Git calls are made in the mirror, where this folder is: a plain name, wherever home is.
        names = (f"{self._folder.name}/contents/{place}\n" for place in range(len(contents)))
        asked = "".join(names).encode()
        words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        return self.git().read(*words, stdin=asked).decode().split()

    def patch(self, blobs: Sequence[str], patches: Sequence[str]) -> list[str]:
        """Apply to each of some files its patch, in which it is called by its place among them.

        A passage is looked for near the line that it names. Returns the new objects. Raises
        PatchRefused where one does not apply, or is none.
        """
        git = self.git("patched")
        lines = (f"100644 {blob}\t{place}\0" for place, blob in enumerate(blobs))
        git.run("update-index", "-z", "--add", "--index-info", stdin="".join(lines).encode())
        # Without --unidiff-zero, a passage that ends in no context has to be the file's end.
        words = ("apply", "--cached", "--unidiff-zero", "--whitespace=nowarn", "-")
        finished = git.run(*words, stdin="".join(patches).encode(), accept=(0, 1, 128))
        if finished.exit_code != 0:
            raise _refused(finished.stderr, patches) or failure(words, finished)
        staged = fields(git.read("ls-files", "--stage", "-z"))
        found_at = {
            name: about.split(" ")[1] for about, name in (each.split("\t") for each in staged)
        }
        return [found_at[str(place)] for place in range(len(blobs))]

    def tree(self, changed: Mapping[str, Entry | None]) -> str:
        """Write the tree in which some paths are different, or gone; return it."""
        git = self.git()
        git.run("read-tree", self.base)
        gone = [raw(path) for path, entry in changed.items() if entry is None]
        nothing = b"0" * len(self.base)
        lines = [b"0 %s\t%s\0" % (nothing, path) for path in gone]
        for path, entry in changed.items():
            if entry is not None:
                lines.append(f"{entry.mode} {entry.object}\t".encode() + raw(path) + b"\0")
        git.run("update-index", "-z", "--add", "--index-info", stdin=b"".join(lines))
        return git.line("write-tree")


@contextmanager
def editing(mirror: Mirror, base: str) -> Iterator[Editing]:
    """Edit the commit `base` of a mirror until the block is left; raises GitError."""
    with aside(mirror.git_dir, owned(INCOMING), mirror.objects) as objects:
        yield Editing(mirror, base, objects)


def _refused(told: str, patches: Sequence[str]) -> PatchRefused | None:
    """Read in git's words which patch is to blame; None where that isn't said to be one."""
    if found := _AT_FAULT.search(told):
        return PatchRefused(int(found[1]), f"the passage at line {found[2]} is not found")
    if found := _UNREADABLE.search(told):
        # Git counts the lines of all of them, one after the other.
        ends = accumulate(patch.count("\n") for patch in patches)
        place = sum(end < int(found[1]) for end in ends)
        return PatchRefused(min(place, len(patches) - 1), "it can't be read")
    return None


def _entry(line: str) -> tuple[str, Entry]:
    about, path = line.split("\t", 1)
    mode, _, name = about.split(" ")
    return path, Entry(mode, name)
