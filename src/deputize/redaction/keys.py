"""Private keys, which go over many lines of which none looks like a secret by itself."""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_LINES = 200
"""Lines after the beginning of a private key that are taken for its own."""

_BEGINS = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_ENDS = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_OF_A_KEY = re.compile(
    rb"[\s\"'`|>#*,()-]*[A-Za-z0-9+/=\\]*[\s\"'`,;()]*"
    rb"|\s*(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): [^\n]*"
)


class Key(NamedTuple):
    """A private key that goes on in the next line."""

    head: bytes
    """What stood before its beginning, and may stand before each of its lines: a time, say."""
    left: int = MOST_LINES

    def after(self, line: bytes) -> Key | int:
        """Go on after `line`; where the key has ended, return where that was in the line."""
        if end := _ENDS.search(line):
            return end.end()
        return self._replace(left=self.left - 1) if self.left and self._holds(line) else 0

    def _holds(self, line: bytes) -> bool:
        size = len(self.head)
        rest = line[size:] if size and _shape(line[:size]) == self.head else line
        return _OF_A_KEY.fullmatch(rest) is not None


def begins_in(line: bytes) -> tuple[int, int | None] | None:
    """Return where a private key begins in a line, and where it ends if in the same one."""
    for begin in _BEGINS.finditer(line):
        if end := _ENDS.search(line, begin.end()):
            return begin.start(), end.end()
        if _OF_A_KEY.fullmatch(line, begin.end()):
            return begin.start(), None
    return None


def line_that_begins(block: bytes, place: int) -> int:
    """Return where the next line begins that may begin a key; the block's end where none does."""
    begin = _BEGINS.search(block, place)
    return len(block) if begin is None else block.rfind(b"\n", place, begin.start()) + 1 or place


def key_after(head: bytes) -> Key:
    """Return the key that begins after `head`."""
    return Key(_shape(head))


def _shape(head: bytes) -> bytes:
    return re.sub(rb"\d", b"0", head)
