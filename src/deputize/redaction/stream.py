"""Text that comes in pieces, redacted as the whole would be."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from deputize.redaction.sweep import WINDOW

if TYPE_CHECKING:
    from deputize.redaction.sweep import Sweep


class ByteStream:
    """Takes pieces of any size; what it gives out is never found to be part of a secret later.

    Held back is the line that has no end yet, and never more than a window.
    """

    def __init__(self, sweep: Sweep) -> None:
        """Begin with nothing."""
        self._sweep = sweep
        self._held: list[bytes] = []
        self._size = 0

    @property
    def found(self) -> dict[str, int]:
        """How many secrets were taken out so far, by rule."""
        return self._sweep.found

    def feed(self, piece: bytes) -> bytes:
        """Return what can be given out now."""
        self._held.append(piece)
        self._size += len(piece)
        if b"\n" not in piece and self._size < WINDOW:
            return b""
        text = b"".join(self._held)
        shown, place = self._sweep.take(text)
        self._hold(text[place:])
        return shown

    def end(self) -> bytes:
        """Return what was held back: no more will come."""
        text = b"".join(self._held)
        self._hold(b"")
        return self._sweep.take(text, ends=True)[0]

    def _hold(self, text: bytes) -> None:
        self._held, self._size = [text], len(text)


class Stream:
    """The same for text."""

    def __init__(self, sweep: Sweep) -> None:
        """Begin with nothing."""
        self._bytes = ByteStream(sweep)
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")

    @property
    def found(self) -> dict[str, int]:
        """How many secrets were taken out so far, by rule."""
        return self._bytes.found

    def feed(self, piece: str) -> str:
        """Return what can be given out now."""
        return self._decoder.decode(self._bytes.feed(piece.encode("utf-8", "surrogatepass")))

    def end(self) -> str:
        """Return what was held back: no more will come."""
        return self._decoder.decode(self._bytes.end(), final=True)
