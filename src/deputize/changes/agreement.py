"""Whether the operations of one request go together, before any repository is looked at: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.changes.paths import folded, folders_of
from deputize.errors import InvalidInput
from deputize.incoming import shown
from deputize.model.change import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deputize.model.change_request import RequestedOperation

_APART = "put all that happens to a file into one operation"


def check_agreement(operations: Sequence[RequestedOperation]) -> None:
    """Raise InvalidInput where two operations mean one file, or one needs what another takes.

    Their order means nothing, as each is compared with the base commit.
    """
    _check_apart(operations)
    spelled: dict[str, tuple[str, int]] = {}
    files = {each.path: n for n, each in enumerate(operations) if is_written(each)}
    for path, number in files.items():
        for key, part in zip(*map(_prefixes, (folded(path), path)), strict=True):
            other, first = spelled.setdefault(key, (part, number))
            if other != part:
                told = f"{shown(part)} and {shown(other)} of operations[{first}] are one file"
                raise InvalidInput(f"operations[{number}].path: {told} where case makes none two")
        inside = next((files[part] for part in folders_of(path) if part in files), None)
        if inside is not None:
            told = f"{shown(path)} is in the file that operations[{inside}] writes"
            raise InvalidInput(f"operations[{number}].path: {told}")


def _prefixes(path: str) -> list[str]:
    return [*folders_of(path), path]


def is_written(operation: RequestedOperation) -> bool:
    """Tell whether there is a file at the operation's path afterwards."""
    return operation.op is not Operation.DELETE


def _check_apart(operations: Sequence[RequestedOperation]) -> None:
    found: dict[str, str] = {}
    for number, operation in enumerate(operations):
        for name, path in _named(operation):
            where = f"operations[{number}].{name}"
            first = found.setdefault(path, where)
            if first != where:
                told = f"{where}: {shown(path)} stands in {first} already"
                raise InvalidInput(told, hint=_APART)


def _named(operation: RequestedOperation) -> Iterator[tuple[str, str]]:
    yield "path", operation.path
    if operation.source is not None:
        yield "from", operation.source
