"""The files' smallest parts: an entry as a line, and the last good line of a file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from deputize.store.chain import canonical, content_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.model.event import Entry

BLOCK_BYTES = 4096


def line_of(entry: Entry) -> bytes:
    """Write a sealed entry as one line of canonical JSON (RFC 8785).

    Without its `hash` it is what the hash was made of, after the hash of the entry before.
    """
    return canonical(content_of(entry) | {"hash": entry.hash}) + b"\n"


def seq_of(line: bytes) -> int | None:
    """Read the place in the journal from a JSON line; None where it is no whole line."""
    if not line.endswith(b"\n"):
        return None
    try:
        content = json.loads(line)
    except ValueError:
        return None
    seq = content.get("seq") if isinstance(content, dict) else None
    return seq if isinstance(seq, int) else None


def last_good(
    descriptor: int, read: Callable[[bytes], int | None], most: int | None = None
) -> tuple[int, int]:
    """Return where the last good line of an open file ends, and its place; 0 and 0 for none.

    A line is good where `read` finds a place in it that isn't above `most`. What comes after is
    torn, or was written before a crash and not noted.
    """
    end = os.fstat(descriptor).st_size
    while end:
        start, line = _last_line(descriptor, end)
        seq = read(line)
        if seq is not None and (most is None or seq <= most):
            return end, seq
        end = start
    return 0, 0


def append_from(descriptor: int, end: int, content: bytes) -> None:
    """Cut an open file at `end`, append `content`, and make both durable."""
    os.ftruncate(descriptor, end)
    rest = memoryview(content)
    while rest:
        written = os.pwrite(descriptor, rest, end)
        end += written
        rest = rest[written:]
    os.fsync(descriptor)


def _last_line(descriptor: int, end: int) -> tuple[int, bytes]:
    """Return the line that ends at `end`, and where it begins."""
    size = BLOCK_BYTES
    while True:
        start = max(0, end - size)
        block = os.pread(descriptor, end - start, start)
        found = block.rfind(b"\n", 0, len(block) - 1)
        if found >= 0 or start == 0:
            return start + found + 1, block[found + 1 :]
        size *= 4
