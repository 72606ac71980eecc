"""What an agent's program says, kept within bounds and as text."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from deputize.showing import shortened

if TYPE_CHECKING:
    from deputize.redaction import Redactor

ANSWER_CHARACTERS = 64 * 1024
LINE_CHARACTERS = 2000
LAST_LINES = 20
OUTPUT_CHARACTERS = 10_000
"""How much of what a tool gives back is shown, from its beginning."""
KEPT_CHARACTERS = 2 * OUTPUT_CHARACTERS
"""How much of it an adapter keeps that gets it in pieces."""
EDGE_CHARACTERS = 1000
"""Where only a part is looked at for secrets, its end may be half of one, and is not shown."""


def shown_output(output: str, redactor: Redactor) -> str:
    """Return what a tool gave back as it may be shown: without secrets, and of bounded length.

    Of a long one no more is looked at than is needed: this runs where leases are renewed.
    """
    looked = output[:KEPT_CHARACTERS]
    clean = redactor.redacted(looked)
    if len(looked) == len(output):
        return shortened(clean, OUTPUT_CHARACTERS)
    shown = clean[:-EDGE_CHARACTERS][:OUTPUT_CHARACTERS]
    return f"{shown}… ({len(clean) - len(shown) + len(output) - len(looked)} characters more)"


class Tail:
    """The end of a text that comes in pieces; what came before is forgotten."""

    def __init__(self, length: int = ANSWER_CHARACTERS) -> None:
        """Keep at most `length` characters."""
        self._length = length
        self._pieces: list[str] = []
        self._held = 0

    def add(self, text: str) -> None:
        """Take the next piece."""
        self._pieces.append(text)
        self._held += len(text)
        if self._held > 2 * self._length:
            self._pieces = [self.text()]
            self._held = len(self._pieces[0])

    def clear(self) -> None:
        """Forget everything."""
        self._pieces, self._held = [], 0

    def text(self) -> str:
        """Return the end."""
        return "".join(self._pieces)[-self._length :]


class Decoder:
    """Bytes to text, piece by piece; what is no UTF-8 becomes a replacement character."""

    def __init__(self) -> None:
        """Start at the beginning of a stream."""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, content: bytes) -> str:
        """Return the text of the next bytes; none of them tells the end of the stream."""
        return self._decode(content, final=not content)


class Lines:
    """Whole lines out of a stream of bytes, the longest ones cut; remembers the last few."""

    def __init__(self) -> None:
        """Start at the beginning of a stream."""
        self._decoder = Decoder()
        self._rest = ""
        self.last: list[str] = []

    def feed(self, content: bytes) -> list[str]:
        """Return the lines that the next bytes complete; none of them completes the last one."""
        *lines, self._rest = (self._rest + self._decoder.feed(content)).split("\n")
        if not content or len(self._rest) > LINE_CHARACTERS:
            lines, self._rest = [*lines, self._rest], ""
        told = [line.rstrip()[:LINE_CHARACTERS] for line in lines if line.strip()]
        self.last = [*self.last, *told][-LAST_LINES:]
        return told
