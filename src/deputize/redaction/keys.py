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


class Keys(NamedTuple):
    """The private keys of one line."""

    whole: tuple[tuple[int, int], ...]
    """Where those are that begin and end in it."""
    begin: int | None
    """Where one begins that goes on after it."""


def keys_in(line: bytes) -> Keys:
    """Return where private keys are in a line; a mere mention of a beginning is none."""
    whole: list[tuple[int, int]] = []
    place = 0
    while begin := _BEGINS.search(line, place):
        end = _ENDS.search(line, begin.end())
        if end is None:
            return Keys(tuple(whole), _open_from(line, place))
        whole.append((begin.start(), end.end()))
        place = end.end()
    return Keys(tuple(whole), None)


def _open_from(line: bytes, place: int) -> int | None:
    begins = _BEGINS.finditer(line, place)
    return next((each.start() for each in begins if _OF_A_KEY.fullmatch(line, each.end())), None)


def line_that_begins(block: bytes, place: int) -> int:
    """Return where the next line begins that may begin a key; the block's end where none does."""
    begin = _BEGINS.search(block, place)
    return len(block) if begin is None else block.rfind(b"\n", place, begin.start()) + 1 or place


def key_after(head: bytes) -> Key:
    """Return the key that begins after `head`."""
    return Key(_shape(head))


def _shape(head: bytes) -> bytes:
    return re.sub(rb"\d", b"0", head)
