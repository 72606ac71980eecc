"""What the command line prints: the one module that writes to stdout and stderr.

Stdout is data, stderr is narration. Every text may come from outside (a prompt, an agent, a path),
so every text is made printable here, before any colour is added. Colour only repeats what a word
says already.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from deputize.errors import DeputizeError
from deputize.redaction import redacted
from deputize.showing import printable, spelled_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

GAP = "  "
LINES_AT_ONCE = 500
NARROWEST = 20
"""Columns that the last column of a table has, even where they don't fit."""
WIDEST_UNKNOWN = 10_000
"""Columns where stdout is no terminal: nothing is cut."""


class Painted:
    """A text with a colour, by its SGR code (ECMA-48)."""

    __slots__ = ("code", "text")

    def __init__(self, text: str, code: str) -> None:
        """Paint `text`."""
        self.text = text
        self.code = code


Part = str | Painted


def bold(text: str) -> Painted:
    """Make a text stand out."""
    return Painted(text, "1")


def dim(text: str) -> Painted:
    """Make a text step back."""
    return Painted(text, "2")


def red(text: str) -> Painted:
    """Colour a text as bad."""
    return Painted(text, "31")


def green(text: str) -> Painted:
    """Colour a text as good."""
    return Painted(text, "32")


def yellow(text: str) -> Painted:
    """Colour a text as needing attention."""
    return Painted(text, "33")


def cyan(text: str) -> Painted:
    """Colour a text as under way."""
    return Painted(text, "36")


_DIFF_COLOURS = {"+": green, "-": red, "@": cyan}


class Output:
    """The two streams of one command."""

    def __init__(self) -> None:
        """Write to the streams of the process."""
        self.json = False
        """One JSON document on stdout, and nothing but errors on stderr."""
        self.quiet = False
        """No narration that isn't a warning."""
        self.stored: str | None = None
        """What has been stored by now, such as `#12 is queued`: it holds whatever gets printed."""
        for stream in (sys.stdout, sys.stderr):
            _never_fail(stream)

    def text(self, *parts: Part) -> None:
        """Print a line (or several) of data."""
        self._write(self._rendered(sys.stdout, parts) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Print many plain lines of data, some at a time."""
        pending: list[str] = []
        for line in lines:
            pending.append(_harmless(line) + "\n")
            if len(pending) >= LINES_AT_ONCE:
                self._write("".join(pending))
                pending.clear()
        self._write("".join(pending))

    def raw(self, content: bytes) -> None:
        """Hand on bytes as they are, at once: somebody may be waiting for them."""
        with self._translated():
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()

    def diff(self, text: str) -> None:
        """Print a unified diff: byte for byte into a pipe, harmless and coloured on a terminal."""
        if not self.is_terminal:
            self._write(text.encode("utf-8", "surrogateescape"))
            return
        for line in text.splitlines():
            head = line.startswith(("+++", "---", "diff ", "index "))
            colour = bold if head else _DIFF_COLOURS.get(line[:1])
            self.text(colour(line) if colour else line)

    def prose(self, text: str, indent: str = "") -> None:
        """Print what a person, an agent or a program wrote, without the secrets in it."""
        for line in redacted(text).splitlines() or [""]:
            self.text(indent, line)

    def table(
        self, rows: Iterable[Sequence[Part]], titles: Sequence[str] = (), indent: str = ""
    ) -> None:
        """Print rows in columns; on a terminal the last column is cut at its edge."""
        shown = [[_one_line(cell) for cell in row] for row in rows]
        if titles and shown:
            shown.insert(0, [dim(title) for title in titles])
        widths = [max(map(_width, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            self._row(row, widths, indent)

    def _row(self, row: list[Part], widths: list[int], indent: str) -> None:
        parts: list[Part] = [indent]
        for cell, width in zip(row[:-1], widths, strict=False):
            parts += [cell, " " * (width - _width(cell)) + GAP]
        taken = len(indent) + sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        parts.append(_cut(row[-1], max(NARROWEST, self.columns - taken)))
        line = self._rendered(sys.stdout, parts)
        self._write(line.rstrip() + "\n")

    @property
    def columns(self) -> int:
        """How wide a line may be."""
        if not self.is_terminal:
            return WIDEST_UNKNOWN
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns or WIDEST_UNKNOWN
        except OSError:
            return WIDEST_UNKNOWN

    @property
    def is_terminal(self) -> bool:
        """Tell whether a person reads stdout as it comes."""
        return sys.stdout.isatty()

    def document(self, value: object) -> None:
        """Print a JSON document, in ASCII: no terminal and no locale can take it amiss."""
        self._write(_json(value, indent=2) + "\n")

    def line_document(self, value: object) -> None:
        """Print a JSON document on one line, one of many."""
        self._write(_json(value) + "\n")

    def clear(self) -> None:
        """Clear the terminal, for a display that is drawn again."""
        if self.is_terminal:
            self._write("\x1b[H\x1b[2J\x1b[3J")

    def note(self, *parts: Part) -> None:
        """Narrate on stderr."""
        if not (self.quiet or self.json):
            self.narrate(*parts)

    def warn(self, text: str, hint: str | None = None) -> None:
        """Warn on stderr, with the next command to type."""
        if not self.json:
            self.narrate(yellow("warning: "), text)
            if hint:
                self.narrate("hint: ", hint)

    def error(self, message: str, hint: str | None) -> None:
        """Print an error of one line, and its hint."""
        self.narrate(red("error: "), _flat(message))
        if hint:
            self.narrate("hint: ", _flat(hint))

    def error_document(self, value: object) -> None:
        """Print an error as a JSON document of one line on stderr."""
        sys.stderr.write(_json(value) + "\n")
        sys.stderr.flush()

    def ask(self, question: str) -> bool:
        """Ask a person yes or no on the terminal; no is what a mere Enter says."""
        sys.stderr.write(printable(question) + " [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def flush(self) -> None:
        """Hand everything over.

        Raises BrokenPipeError where nobody reads any more, DeputizeError where it can't be written.
        """
        with self._translated():
            sys.stdout.flush()

    def _write(self, text: str | bytes) -> None:
        with self._translated():
            if isinstance(text, bytes):
                sys.stdout.buffer.write(text)
            else:
                sys.stdout.write(text)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Tell a full disk behind a redirection from a mistake of ours."""
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            known = f"{self.stored}, but " if self.stored else ""
            raise DeputizeError(
                f"{known}cannot write the output: {error.strerror}",
                hint="make room where it goes; `deputize list` shows what is stored",
            ) from error

    def narrate(self, *parts: Part) -> None:
        """Write a line on stderr, whatever is asked of the output."""
        with suppress(OSError):  # what stdout has to say for itself is told by `flush`
            sys.stdout.flush()
        sys.stderr.write(self._rendered(sys.stderr, parts) + "\n")
        sys.stderr.flush()

    @staticmethod
    def _rendered(stream: TextIO, parts: Sequence[Part]) -> str:
        coloured = any(not isinstance(part, str) for part in parts) and _takes_colour(stream)
        return "".join(_painted(part, coloured=coloured) for part in parts)


def _harmless(text: str) -> str:
    """Take out of a text what no terminal and no shoulder-surfer should get."""
    return printable(redacted(text))


def _painted(part: Part, *, coloured: bool) -> str:
    if isinstance(part, str):
        return _harmless(part)
    text = _harmless(part.text)
    return f"\x1b[{part.code}m{text}\x1b[0m" if coloured and text else text


def _takes_colour(stream: TextIO) -> bool:
    """Tell whether colour is welcome (no-color.org: any value but the empty one says no)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and stream.isatty()


def _never_fail(stream: TextIO) -> None:
    """Escape what a stream's encoding can't say, instead of raising."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _flat(text: str) -> str:
    return " ".join(text.split())


class Drawn(str):
    """A drawing of ours, whose spaces mean something."""

    __slots__ = ()


def _one_line(part: Part) -> Part:
    if isinstance(part, Drawn):
        return part
    if isinstance(part, str):
        return _harmless(_flat(part))
    return Painted(_harmless(_flat(part.text)), part.code)


def _cut(part: Part, width: int) -> Part:
    text = part if isinstance(part, str) else part.text
    if _width(text) <= width:
        return part
    short = text[: width - 1].rstrip() + "…"
    return short if isinstance(part, str) else Painted(short, part.code)


def _width(part: Part) -> int:
    """Return how many columns a text takes: wide characters (UAX #11) take two."""
    text = part if isinstance(part, str) else part.text
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )


def _json(value: object, indent: int | None = None) -> str:
    import json

    text = json.dumps(value, indent=indent)
    # Half a pair is no text in JSON (RFC 8785): bytes that could not be decoded are spelled out.
    if "\\ud" in text:
        text = json.dumps(spelled_out(value), indent=indent)
    # DEL is the one control character that JSON in ASCII may hold as it is.
    return text.replace("\x7f", "\\u007f")
