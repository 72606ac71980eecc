"""Takes secrets out of text that comes in pieces, wherever it is cut.

A whole line is looked at at once, for no rule goes over the end of one; a private key is followed
from line to line. A line that is longer than a window is looked at window by window, each of which
ends where nothing that was found goes on. All of that depends on the text alone: pieces make no
difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.redaction.checks import MARK
from deputize.redaction.keys import Key, Keys, key_after, keys_in, line_that_begins
from deputize.redaction.lines import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WINDOW = 65_536
"""Bytes that are looked at together; what is held back of a stream is never more than these."""
LOOK_AHEAD = 16_384
"""Bytes at the end of a window of a long line before which it is cut."""
KEY_RULE = "private-key"
_MARK = MARK.encode()
_DELIMITERS = b" \t\"',;&"


class Sweep:
    """One text, from its beginning to its end."""

    def __init__(self, find: Callable[[bytes], list[Span]]) -> None:
        """Look for secrets by `find`, which is given whole lines."""
        self.found: dict[str, int] = {}
        """How many secrets were taken out, by rule."""
        self._find = find
        self._key: Key | None = None
        self._owed = b""
        """The end of the last line that was hidden: it ends the line of the mark."""
        self._hides = False
        """A secret that was longer than a window goes on."""

    def take(self, text: bytes, *, ends: bool = False) -> tuple[bytes, int]:
        """Return what may be shown of `text`, and up to where that was of it.

        The rest has to come again, with more behind it. Where the text `ends`, nothing is left.
        """
        pieces, place = [], 0
        while place < len(text):
            end = text.rfind(b"\n", place, place + WINDOW) + 1
            if not end and len(text) - place < WINDOW:
                if not ends:
                    break
                end = len(text)
            if end:
                pieces.append(self._block(text[place:end]))
            else:
                window = text[place : place + WINDOW]
                end = place + self._cut(window, pieces)
            place = end
        if ends:
            pieces.append(self._owed)
            self._owed = b""
        return b"".join(pieces), place

    def _block(self, block: bytes) -> bytes:
        """Return what may be shown of whole lines."""
        if self._hides:
            block = self._after_secret(block)
        pieces, place = [], 0
        while place < len(block):
            begin = place if self._key else line_that_begins(block, place)
            if begin > place:
                pieces.append(self._marked(block[place:begin], self._find(block[place:begin])))
            end = block.find(b"\n", begin) + 1 or len(block)
            if begin < end:
                pieces.append(self._line(block[begin:end]))
            place = end
        return b"".join(pieces)

    def _line(self, line: bytes) -> bytes:
        """Return what may be shown of a line; in a private key, nothing."""
        if self._key is None:
            return self._outside_a_key(line)
        after = self._key.after(line)
        if isinstance(after, Key):
            self._key, self._owed = after, _end_of(line)
            return b""
        owed, self._key, self._owed = self._owed, None, b""
        return self._outside_a_key(line[after:]) if after else owed + self._outside_a_key(line)

    def _outside_a_key(self, line: bytes) -> bytes:
        keys = keys_in(line)
        rest = line if keys.begin is None else line[: keys.begin]
        shown = self._marked(rest, [*self._find(rest), *_spans_of(keys)])
        if keys.begin is None:
            return shown
        self._count(KEY_RULE)
        self._key, self._owed = key_after(rest), _end_of(line)
        return shown + _MARK

    def _cut(self, window: bytes, pieces: list[bytes]) -> int:
        """Show what may be shown of the beginning of a long line; return how much that was."""
        if self._hides:
            rest = self._after_secret(window)
            if len(rest) < len(window):
                return len(window) - len(rest)
        if self._key is not None:
            pieces.append(self._line(window))
            return len(window)
        keys = keys_in(window)
        spans = [*self._find(window), *_spans_of(keys)]
        if keys.begin is not None:
            # It is looked at from its beginning on next; where that is here, it fills the window.
            spans.append(Span(keys.begin, len(window), KEY_RULE, keys.begin))
        place = _place_to_cut(window, spans)
        if place == 0:
            place = max(span.end for span in spans if span.begin == 0)
            place = _end_after(window, place)
            self._hides = place == len(window)
        pieces.append(self._marked(window[:place], [span for span in spans if span.end <= place]))
        return place

    def _after_secret(self, text: bytes) -> bytes:
        """Return what comes after the rest of a secret that was longer than a window."""
        for place, byte in enumerate(text):
            if byte in _DELIMITERS or byte in b"\r\n":
                self._hides = False
                return text[place:]
        return b""

    def _marked(self, text: bytes, spans: list[Span]) -> bytes:
        if not spans:
            return text
        pieces: list[bytes] = []
        place = 0
        for span in _merged(text, spans):
            self._count(span.rule)
            pieces += (text[place : span.start], _MARK)
            place = span.end
        return b"".join((*pieces, text[place:]))

    def _count(self, rule: str) -> None:
        self.found[rule] = self.found.get(rule, 0) + 1


def _spans_of(keys: Keys) -> list[Span]:
    return [Span(start, end, KEY_RULE, start) for start, end in keys.whole]


def _end_of(line: bytes) -> bytes:
    return line[len(line.rstrip(b"\r\n")) :]


def _merged(text: bytes, spans: list[Span]) -> Iterator[Span]:
    """Yield the spans in order, joined where they overlap, of whole characters."""
    last: Span | None = None
    for span in sorted(spans):
        whole = span._replace(start=_start_of(text, span.start), end=_end_after(text, span.end))
        if last is None:
            last = whole
        elif whole.start <= last.end:
            last = last._replace(end=max(last.end, whole.end))
        else:
            yield last
            last = whole
    if last is not None:
        yield last


def _start_of(text: bytes, place: int) -> int:
    while 0 < place < len(text) and text[place] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8
        place -= 1
    return place


def _end_after(text: bytes, place: int) -> int:
    while place < len(text) and text[place] & 0xC0 == 0x80:  # noqa: PLR2004 - UTF-8
        place += 1
    return place


def _place_to_cut(window: bytes, spans: list[Span]) -> int:
    """Return the last place before the look-ahead at which nothing that was found goes on.

    It is after a space or a mark where there is one; 0 where one secret fills the window.
    """
    last = len(window) - LOOK_AHEAD
    end = max(window.rfind(bytes((each,)), 0, last) for each in _DELIMITERS) + 1
    place = end or _start_of(window, last)
    for span in sorted(spans, key=lambda each: each.begin, reverse=True):
        if span.begin < place < span.end:
            place = span.begin
    return place
