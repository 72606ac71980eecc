"""What an agent's program says, kept within bounds and as text."""

from __future__ import annotations

import codecs

ANSWER_CHARACTERS = 64 * 1024
LINE_CHARACTERS = 2000
LAST_LINES = 20


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
