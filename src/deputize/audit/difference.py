"""Where a daily file stops saying what the journal says: the first line that is not as written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.audit.lines import line_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from deputize.model.event import Entry

_SEQ = re.compile(rb'.*"seq":(\d{1,18})[,}]', re.DOTALL)
"""The place of a line's entry; what an entry tells stands before it."""


def first_difference(path: Path, start: int, expected: Iterable[Entry]) -> str:
    """Say where a file first differs after its first `start` bytes from the entries it has to have.

    The file is in anybody's hands: nothing of it is shown but numbers.
    """
    with path.open("rb") as file:
        number = sum(1 for _ in _up_to(file, start))
        for entry in expected:
            number += 1
            line = file.readline()
            if line != line_of(entry):
                return _told(file, number, entry.seq or 0, line)
        return f"line {number + 1} is none of its entries"


def _up_to(file: BinaryIO, start: int) -> Iterable[bytes]:
    while file.tell() < start:
        yield file.readline()


def _told(file: BinaryIO, number: int, seq: int, line: bytes) -> str:
    if not line:
        return f"it ends before entry {seq}"
    if not line.endswith(b"\n"):
        return f"it breaks off in line {number}, entry {seq}"
    found = _seq_of(line)
    if found in {None, seq}:
        return f"entry {seq}, in line {number}, was changed"
    if any(_seq_of(later) == seq for later in file):
        return f"entry {seq} is out of order: line {number} has entry {found}"
    return f"entry {seq} is missing: line {number} has entry {found}"


def _seq_of(line: bytes) -> int | None:
    found = _SEQ.match(line)
    return int(found[1]) if found else None
