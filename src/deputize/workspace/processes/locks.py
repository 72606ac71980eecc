"""Which processes hold locks in a file, as far as the system tells: /proc/locks (proc_locks(5))."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path("/proc/locks")
_FIELDS = 8
"""Number, kind, advice, access, process, device:inode, first byte, last byte."""


def holders(file: Path, places: range) -> frozenset[int]:
    """Return the processes that hold a lock on any of these bytes; none where nobody tells.

    The file is not opened: closing it would let go of all locks that this process has in it.
    """
    with suppress(OSError):
        return frozenset(_found(TABLE.read_text(encoding="ascii"), file.stat().st_ino, places))
    return frozenset()


def _found(listing: str, inode: int, places: range) -> Iterator[int]:
    for line in listing.splitlines():
        fields = line.split()
        # Those that only wait for a lock have an arrow before their kind.
        if len(fields) != _FIELDS or int(fields[5].rpartition(":")[2]) != inode:
            continue
        first, last = int(fields[6]), fields[7]
        ends = places.stop if last == "EOF" else int(last)
        if first < places.stop and ends >= places.start and int(fields[4]) > 0:
            yield int(fields[4])
