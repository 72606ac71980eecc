"""The log of one attempt: a file for people, with its milestones and what the agent said and did.

Every line is redacted, shown without control characters, and begins with the time of day here.
Chunks go through a stream that redacts them as the whole would be, wherever they are cut.
"""

from __future__ import annotations

import codecs
import os
import re
import threading
from typing import TYPE_CHECKING, Self

from deputize.clock import Clock, SystemClock
from deputize.redaction import Redactor
from deputize.showing import printable

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 20 << 20
PARTIAL_LENGTH = 8192
"""Characters of a line without end that are looked through for colours at once."""
ESCAPE_LENGTH = 256
"""Characters of an escape sequence that is still taken out where a long line is cut."""
SHOWN_STATES = 3
"""Of a line that is painted over and over, how many of the first and of the last are shown."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_PLAIN = Redactor()


class AttemptLog:
    """Writes the log of an attempt; never raises for the file: `problem` says what is wrong."""

    def __init__(
        self, path: Path, *, limit_bytes: int = LIMIT_BYTES, clock: Clock | None = None
    ) -> None:
        """Begin or go on with the log at `path`, readable by its owner only.

        Beyond `limit_bytes` (of all that is in the file) only milestones are written.
        """
        self.path = path
        self.problem: OSError | None = None
        """The first error of writing; lines since may be lost."""
        self._is_torn = False
        """What was written last has no end: the disk was full in the middle of a line."""
        self._clock = clock or SystemClock()
        self._turn = threading.RLock()
        self.redactor = _PLAIN
        self._words = Lines(self.redactor)
        self._errors = Lines(self.redactor)
        self._limit = limit_bytes
        self._descriptor: int | None = None
        self._size = 0
        self._open()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close the log."""
        self.close()

    def hide(self, redactor: Redactor) -> None:
        """From now on redact with what `redactor` knows."""
        with self._turn:
            self.flush()
            self.redactor = redactor
            self._words, self._errors = Lines(redactor), Lines(redactor)

    def milestone(self, text: str) -> None:
        """Write a step that was passed."""
        with self._turn:
            self.flush()
            self._write("──", self._shown(text), always=True)

    def said(self, text: str | bytes) -> None:
        """Take a chunk of what the agent says."""
        with self._turn:
            if not self.is_full:
                self._write("│", self._words.feed(text))

    def tool(self, name: str, summary: str = "") -> None:
        """Write a tool call, or what came of one; what the agent was saying is ended by it."""
        with self._turn:
            self.flush()
            self._write("▸", self._shown(f"{name}: {summary}" if summary else name))

    def model_call(self, model: str, took: str) -> None:
        """Write what a call of a model took."""
        with self._turn:
            self.flush()
            self._write("◦", self._shown(f"{model}: {took}"))

    def stderr(self, text: str | bytes) -> None:
        """Write a remark (text: whole lines), or take a chunk of what a program prints (bytes)."""
        with self._turn:
            if not self.is_full:
                chunk = text if isinstance(text, bytes) else f"{text.rstrip()}\n"
                self._write("!", self._errors.feed(chunk))

    def flush(self) -> None:
        """Write what was held back of lines without end."""
        with self._turn:
            self._write("│", self._words.rest())
            self._write("!", self._errors.rest())

    def close(self) -> None:
        """Write what was held back and close the file."""
        with self._turn:
            self.flush()
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    @property
    def is_full(self) -> bool:
        """Tell whether only milestones are still written."""
        return self._size >= self._limit

    def _shown(self, text: str) -> list[str]:
        return printable(self.redactor.redacted(_ESCAPES.sub("", text))).split("\n")

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, flags, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        except OSError as error:
            self.problem = error

    def _write(self, sign: str, lines: list[str], *, always: bool = False) -> None:
        if not lines or (self.is_full and not always):
            return
        head = f"{self._clock.now().astimezone():%H:%M:%S.%f}"[:-3]
        content = "".join(f"{head} {sign} {line}\n" for line in lines)
        before = self.is_full
        self._append(content.encode("utf-8", "replace"))
        if self.is_full and not before:
            size = f"{self._limit / (1 << 20):g} MiB"
            marker = f"{head} ── the log is full ({size}): only milestones from here on\n"
            self._append(marker.encode())

    def _append(self, content: bytes) -> None:
        if self._descriptor is None:
            return
        rest = memoryview(b"\n" + content if self._is_torn else content)
        try:
            while rest:
                written = os.write(self._descriptor, rest)
                self._size += written
                self._is_torn = rest[written - 1] != ord("\n")
                rest = rest[written:]
        except OSError as error:
            self.problem = self.problem or error


class Lines:
    """Chunks of one stream, made into redacted lines that may be shown."""

    def __init__(self, redactor: Redactor = _PLAIN) -> None:
        """Start with nothing held back."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stream = redactor.stream()
        self._coloured = ""
        """What may go on with the rest of an escape sequence."""
        self._clean = ""
        """The beginning of a line that may be shown."""

    def feed(self, chunk: str | bytes) -> list[str]:
        """Return the lines that `chunk` completes."""
        self._coloured += self._decoder.decode(chunk) if isinstance(chunk, bytes) else chunk
        *whole, self._coloured = self._coloured.split("\n")
        plain = [_ESCAPES.sub("", line) + "\n" for line in whole]
        if len(self._coloured) > PARTIAL_LENGTH:
            place = _place_to_cut(self._coloured)
            plain.append(_ESCAPES.sub("", self._coloured[:place]))
            self._coloured = self._coloured[place:]
        return self._lines(self._stream.feed("".join(plain))) if plain else []

    def rest(self) -> list[str]:
        """Return what was held back, as lines."""
        coloured, self._coloured = self._coloured, ""
        lines = self._lines(self._stream.feed(_ESCAPES.sub("", coloured)) + self._stream.end())
        clean, self._clean = self._clean, ""
        return [*lines, *_parts(clean)] if clean else lines

    def _lines(self, text: str) -> list[str]:
        """Return what is whole of `text`; of a line without end that which is long."""
        *whole, self._clean = (self._clean + text).split("\n")
        if len(self._clean) > PARTIAL_LENGTH:
            whole.append(self._clean)
            self._clean = ""
        return [part for line in whole for part in _parts(line)]


def _place_to_cut(line: str) -> int:
    """Return where a long line may be cut: not through an escape sequence."""
    begins = line.rfind("\x1b", len(line) - ESCAPE_LENGTH)
    return len(line) if begins < 0 else begins


def _parts(line: str) -> list[str]:
    """Return what a terminal would have painted over with what came last, each on a line.

    Of the many states of a progress bar some are shown, and how many are not.
    """
    parts = [printable(part) for part in line.split("\r") if part] or [""]
    left_out = len(parts) - 2 * SHOWN_STATES
    if left_out <= 1:
        return parts
    marker = f"[painted over {left_out} times]"
    return [*parts[:SHOWN_STATES], marker, *parts[-SHOWN_STATES:]]
