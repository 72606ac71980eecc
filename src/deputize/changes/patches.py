"""Unified diffs as they come in: taken apart, so that only lines are left and no name counts.

A patch belongs to one operation, and the operation says the path. Whatever a patch says of names
has to agree with that; nothing that git reads besides (renames, modes, binary hunks) is taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HUNK = re.compile(r"@@ -([0-9]{1,9})(?:,[0-9]{1,9})? \+([0-9]{1,9})(?:,[0-9]{1,9})? @@")
_MARKS = " +-"
_UNENDED = "\\ No newline"
"""How a remark begins that the line before it is the last one of its file, and doesn't end."""
SHOWN_LENGTH = 60
CONTENT = "give the whole file as `content`, or a unified diff of this one file"


class Hunk(NamedTuple):
    """One passage: where it is in the old file and the new one, and its lines with their marks."""

    old_start: int
    new_start: int
    lines: tuple[str, ...]

    @property
    def old_count(self) -> int:
        """Count the lines that it takes the place of."""
        return sum(line[0] in " -" for line in self.lines)

    @property
    def new_count(self) -> int:
        """Count the lines that it leaves."""
        return sum(line[0] in " +" for line in self.lines)


def read_patch(patch: str, path: str, source: str | None = None) -> tuple[Hunk, ...]:
    """Read a patch of the file at `path` (before: at `source`); InvalidInput says what is wrong.

    How many lines a hunk says that it has is not believed: they are counted.
    """
    lines = patch.removesuffix("\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.startswith("@@")), len(lines))
    _check_head(lines[:first], path, source or path)
    if first == len(lines):
        raise InvalidInput("has no hunk, which begins like `@@ -1,3 +1,4 @@`", hint=CONTENT)
    return tuple(_hunks(lines, first, path))


def written(hunks: Iterable[Hunk], name: str) -> str:
    """Write hunks as a patch of a file called `name`, which needs no quoting."""
    parts = [f"--- a/{name}", f"+++ b/{name}"]
    for hunk in hunks:
        old, new = f"{hunk.old_start},{hunk.old_count}", f"{hunk.new_start},{hunk.new_count}"
        parts += [f"@@ -{old} +{new} @@", *hunk.lines]
    return "\n".join(parts) + "\n"


def _check_head(lines: Sequence[str], path: str, source: str) -> None:
    """Refuse what stands before the first hunk, unless it names the operation's own file."""
    known = {
        *(f"--- {name}" for name in _names("a/", source)),
        *(f"+++ {name}" for name in _names("b/", path)),
        f"diff --git {_quoted('a/' + source)} {_quoted('b/' + path)}",
        f"diff --git a/{source} b/{path}",
    }
    for number, line in enumerate(lines, 1):
        said = line.partition("\t")[0].rstrip()
        if said and said not in known and not said.startswith("index "):
            where = f"line {number} of it is {_shown(line)}"
            raise InvalidInput(f"is not a patch of {path!r} alone: {where}", hint=CONTENT)


def _names(prefix: str, path: str) -> set[str]:
    return {path, prefix + path, _quoted(path), _quoted(prefix + path)}


def _hunks(lines: Sequence[str], first: int, path: str) -> Iterable[Hunk]:
    starts = [n for n in range(first, len(lines)) if lines[n].startswith("@@")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        head = _HUNK.match(lines[start])
        if head is None:
            told = f"line {start + 1} of it is {_shown(lines[start])}"
            raise InvalidInput(f"has a hunk without line numbers: {told}", hint=CONTENT)
        body = tuple(_body(lines, start + 1, end, path))
        if not any(line[0] in "+-" for line in body):
            raise InvalidInput(f"has a hunk that changes nothing, at line {start + 1}")
        if not any(line[0] in " -" for line in body):
            told = f"has a hunk without a line of the file as it is, at line {start + 1}"
            raise InvalidInput(told, hint="give some lines of context, or the whole file")
        yield Hunk(int(head[1]), int(head[2]), body)


def _body(lines: Sequence[str], start: int, end: int, path: str) -> Iterable[str]:
    can_be_unended = False
    for number in range(start, end):
        # An empty line of context often loses its space on the way.
        line = lines[number] or " "
        is_known = line[0] in _MARKS or (can_be_unended and line.startswith(_UNENDED))
        can_be_unended = line[0] in _MARKS
        if not is_known or _begins_a_file(lines, number, end):
            told = f"line {number + 1} of it is {_shown(line)}"
            message = f"is not a patch of {path!r} alone: {told}"
            raise InvalidInput(message, hint=CONTENT)
        yield line


def _begins_a_file(lines: Sequence[str], number: int, end: int) -> bool:
    """Tell whether these are two lines that name another file, right before a hunk of it."""
    if not lines[number].startswith("--- ") or number + 1 >= end:
        return False
    return lines[number + 1].startswith("+++ ") and number + 2 == end < len(lines)


def _quoted(name: str) -> str:
    """Write a name as git does in a patch: in quotes where it has anything unusual (git-diff)."""
    raw = name.encode()
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):  # noqa: PLR2004 - ASCII
        return name
    return '"' + "".join(_escaped(byte) for byte in raw) + '"'


def _escaped(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"  # noqa: PLR2004 - ASCII


def _shown(line: str) -> str:
    return repr(line if len(line) <= SHOWN_LENGTH else line[:SHOWN_LENGTH] + "…")
