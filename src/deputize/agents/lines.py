"""Whole lines of bytes, out of pieces; one that is too long is passed over, and said to be."""

from __future__ import annotations


class WholeLines:
    """Lines of a stream; holds no more of it than the longest line that is taken."""

    def __init__(self, most_bytes: int) -> None:
        """Start at the beginning of a stream whose lines have up to `most_bytes`."""
        self._most = most_bytes
        self._pieces: list[bytes] = []
        self._held = 0

    def feed(self, content: bytes) -> list[bytes | None]:
        """Return the lines that the next bytes complete, None for one that was too long.

        No bytes tell the end of the stream, which completes the last line.
        """
        *ended, rest = content.split(b"\n")
        lines = []
        for piece in ended:
            self._add(piece)
            lines.append(self._line())
        self._add(rest)
        if not content and self._held:
            lines.append(self._line())
        return lines

    def _add(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self._most:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def _line(self) -> bytes | None:
        line = None if self._held > self._most else b"".join(self._pieces)
        self._pieces, self._held = [], 0
        return line
