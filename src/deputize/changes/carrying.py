"""Carry a change request out on its base commit: to a tree, or to an error that says why not.

Nothing is written but what vanishes with the editing. Every operation is compared with the base,
so their order means nothing; what they would do to each other was refused when they were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.changes.agreement import is_written
from deputize.changes.patches import read_patch, written
from deputize.changes.paths import folded, folders_of
from deputize.changes.reading import hash_of
from deputize.errors import InvalidInput
from deputize.git.editing import Entry, PatchRefused
from deputize.incoming import shown
from deputize.model.change import Operation
from deputize.model.change_request import FILE_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.git.editing import Editing
    from deputize.model.change_request import ChangeRequest, RequestedOperation

READ_BYTES = 16 << 20
"""The longest file of the base that is read, to hash or to patch it."""
_KINDS = {"120000": "a link", "160000": "a submodule"}


def carry_out(editing: Editing, request: ChangeRequest) -> str:
    """Write the tree that a request makes of the base commit, and return it.

    InvalidInput names the operation that does not fit the base, or says that nothing is changed.
    """
    base = Base(editing, request)
    numbered = list(enumerate(request.operations))
    for number, operation in numbered:
        base.check(number, operation)
    blobs = _blobs(editing, base, request)
    changed: dict[str, Entry | None] = {}
    for number, operation in numbered:
        if operation.source is not None:
            changed[operation.source] = None
        entry = _entry(base, operation, blobs.get(number))
        changed[operation.path] = entry if is_written(operation) else None
    if all(base.entries.get(path) == entry for path, entry in changed.items()):
        raise InvalidInput("the change request changes nothing", hint="leave out what stays as is")
    return editing.tree(changed)


class Base:
    """The commit that a request is compared with, and what of it stays."""

    def __init__(self, editing: Editing, request: ChangeRequest) -> None:
        """Read all paths of the commit."""
        self.entries = editing.entries()
        self._editing = editing
        gone = {each.source or each.path for each in request.operations if _frees(each)}
        self._staying = {path: entry for path, entry in self.entries.items() if path not in gone}
        self._inside = _names_by_folder(self._staying)
        self._folded: dict[str, dict[str, str]] = {}

    def entry(self, operation: RequestedOperation) -> Entry:
        """Return what the operation starts from."""
        return self.entries[operation.source or operation.path]

    def content(self, number: int, operation: RequestedOperation) -> bytes:
        """Return what the operation's file holds in the base."""
        blob = self.entry(operation).object
        size = self._editing.size(blob)
        if size > READ_BYTES:
            message = (
                f"the file has {size} bytes in the base, the most that is read is {READ_BYTES}"
            )
            raise _wrong(number, operation, "path", message)
        return self._editing.content(blob)

    def check(self, number: int, operation: RequestedOperation) -> None:
        """Refuse an operation that does not fit what is in the base."""
        if operation.op is not Operation.CREATE:
            self._check_file(number, operation)
        if operation.op in {Operation.CREATE, Operation.RENAME}:
            self._check_place(number, operation)
        if operation.before is not None:
            found = hash_of(self.content(number, operation))
            if found != operation.before:
                message = f"the file's hash in the base is {found}"
                raise _wrong(number, operation, "before", message)

    def _check_file(self, number: int, operation: RequestedOperation) -> None:
        """Refuse what isn't there, and what is no file."""
        name = "path" if operation.source is None else "from"
        path = operation.source or operation.path
        entry = self.entries.get(path)
        if entry is None:
            raise _wrong(number, operation, name, self._missing(path))
        kind = _KINDS.get(entry.mode)
        if kind and not (kind == "a link" and operation.op is Operation.DELETE):
            raise _wrong(number, operation, name, f"{shown(path)} is {kind}, and no file")

    def _missing(self, path: str) -> str:
        for folder in folders_of(path):
            if self.entries.get(folder, Entry("", "")).mode in _KINDS:
                kind = _KINDS[self.entries[folder].mode]
                return f"{shown(path)} leads through {shown(folder)}, which is {kind}"
        if any(name.startswith(f"{path}/") for name in self.entries):
            return f"{shown(path)} is a folder: name its files"
        return f"there is no file {shown(path)} in the base"

    def _check_place(self, number: int, operation: RequestedOperation) -> None:
        """Refuse a new file whose place is taken, by whatever name."""
        path = operation.path
        for folder in folders_of(path):
            if folder in self._staying:
                kind = _KINDS.get(self._staying[folder].mode, "a file")
                message = f"{shown(path)} leads through {shown(folder)}, which is {kind}"
                raise _wrong(number, operation, "path", message)
        if path in self._staying:
            hint = "modify it" if operation.op is Operation.CREATE else None
            raise _wrong(number, operation, "path", f"{shown(path)} is there already", hint)
        if path in self._inside:
            raise _wrong(number, operation, "path", f"{shown(path)} is a folder")
        for part in [*folders_of(path), path]:
            self._check_name(number, operation, part)

    def _check_name(self, number: int, operation: RequestedOperation, part: str) -> None:
        folder, _, name = part.rpartition("/")
        names = self._inside.get(folder, set())
        if folder not in self._folded:
            self._folded[folder] = {folded(each): each for each in names}
        other = self._folded[folder].get(folded(name))
        if other is not None and name not in names:
            message = f"{shown(part)} and {shown(other)} are one file where case makes none two"
            raise _wrong(number, operation, "path", message)


def _frees(operation: RequestedOperation) -> bool:
    return operation.op in {Operation.DELETE, Operation.RENAME}


def _names_by_folder(paths: Iterable[str]) -> Mapping[str, set[str]]:
    """Return the names in each folder; those at the top are in the one without a name."""
    found: dict[str, set[str]] = {"": set()}
    for path in paths:
        while path:
            folder, _, name = path.rpartition("/")
            names = found.setdefault(folder, set())
            if name in names:
                break
            names.add(name)
            path = folder  # noqa: PLW2901 - up to the top, unless somebody went that way
    return found


def _entry(base: Base, operation: RequestedOperation, blob: str | None) -> Entry | None:
    if operation.op is Operation.DELETE:
        return None
    if operation.op is Operation.CREATE:
        return Entry(operation.mode or FILE_MODES[0], blob or "")
    before = base.entry(operation)
    return Entry(operation.mode or before.mode, blob or before.object)


def _blobs(editing: Editing, base: Base, request: ChangeRequest) -> dict[int, str]:
    """Write what the operations have for content, by their numbers."""
    numbered = list(enumerate(request.operations))
    given = {n: each.content.encode() for n, each in numbered if each.content is not None}
    blobs = dict(zip(given, editing.write(list(given.values())), strict=True)) if given else {}
    patched = {n: each for n, each in numbered if each.patch is not None}
    blobs |= _patched(editing, base, patched)
    for number, operation in patched.items():
        if operation.after is not None:
            found = hash_of(editing.content(blobs[number]))
            if found != operation.after:
                message = f"the patched file's hash is {found}"
                raise _wrong(number, operation, "after", message)
    return blobs


def _patched(
    editing: Editing, base: Base, operations: Mapping[int, RequestedOperation]
) -> dict[int, str]:
    if not operations:
        return {}
    patches = []
    for place, (number, operation) in enumerate(operations.items()):
        if b"\0" in base.content(number, operation):
            raise _wrong(number, operation, "patch", "the file is binary", "give it whole")
        hunks = read_patch(operation.patch or "", operation.path, operation.source)
        patches.append(written(hunks, str(place)))
    blobs = [base.entry(operation).object for operation in operations.values()]
    try:
        return dict(zip(operations, editing.patch(blobs, patches), strict=True))
    except PatchRefused as error:
        number = list(operations)[error.place]
        message = f"does not apply to the file as it is in the base: {error.message}"
        hint = "look at the file again, or give it whole as `content`"
        raise _wrong(number, operations[number], "patch", message, hint) from error


def _wrong(
    number: int, operation: RequestedOperation, name: str, message: str, hint: str | None = None
) -> InvalidInput:
    told = f"operations[{number}].{name}: {message}"
    path = shown(operation.path)
    return InvalidInput(
        told if path in told else f"{told} (to {operation.op} {path})",
        hint=hint or "operations are compared with the base commit",
    )
