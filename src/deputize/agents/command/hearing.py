"""What one run of a program says, and what its end amounts to."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import Noted, ProcessStarted, Report, Said
from deputize.agents.command.files import OUTPUT_BYTES
from deputize.agents.command.launch import places_in
from deputize.agents.command.program import NOT_FOUND, TRY_LATER, ending
from deputize.agents.command.reading import Reader
from deputize.agents.lines import WholeLines
from deputize.agents.output import LAST_LINES, LINE_CHARACTERS, Decoder, Lines, Tail
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.agents.base import Emit, Job
    from deputize.model.agent import AgentSettings
    from deputize.workspace.processes.identity import ProcessIdentity
    from deputize.workspace.processes.program import Stream
    from deputize.workspace.processes.run import Finished

TOLD_BYTES = 16 * 1024 * 1024
"""How much of its output is told as it comes; beyond that, only the end of it is kept."""
LINE_BYTES = 4 * 1024 * 1024
"""The longest line that is read as JSON."""
MOST_LINES = 100_000
"""So many lines of a file are read, and so many of its last words held against noise."""


class Hearing:
    """Both outputs of a program, told as they come, and what it left in a file."""

    def __init__(self, emit: Emit, settings: AgentSettings, job: Job) -> None:
        """Tell everything to `emit`."""
        self.has_started = False
        self.reads_file = "output" in places_in(settings)
        self._format = settings.output
        self._emit = emit
        self._codes = {int(code): Outcome(word) for code, word in settings.exit_codes.items()}
        self._noise = settings.noise
        self._told_bytes = 0
        self._answer = Tail(job.answer_characters)
        self._decoder = Decoder()
        self._lines = Lines()
        self._reader = Reader(settings.read, job.model, job.answer_characters)
        self._values = WholeLines(LINE_BYTES)
        self._document = bytearray()

    @property
    def session(self) -> str | None:
        """The session that the program says it is in, where that is read."""
        return self._reader.session

    @property
    def error(self) -> str | None:
        """What the program said that went wrong, where that is read."""
        return self._reader.error

    def started(self, identity: ProcessIdentity) -> None:
        """Tell that the program runs."""
        self.has_started = True
        self._emit(ProcessStarted(pid=identity.pid))

    def hear(self, stream: Stream, content: bytes) -> None:
        """Take the next piece of an output; an empty one ends it."""
        if stream == "stdout" and (self._format == "text" or self.reads_file):
            self._hear_words(content)
        elif stream == "stdout":
            self._hear_values(content)
        else:
            for line in self._lines.feed(content):
                # What is not kept is told as empty words: who speaks is not idle.
                self._emit(Noted(text=line) if self._may_tell(content) else Said(text=""))

    def _hear_words(self, content: bytes) -> None:
        text = self._decoder.feed(content)
        self._answer.add(text)
        if text:
            self._emit(Said(text=text if self._may_tell(content) else ""))

    def _hear_values(self, content: bytes) -> None:
        if content:
            self._emit(Said(text=""))
        if self._format == "jsonl":
            for line in self._values.feed(content):
                self._read(line)
        else:
            self._document += content[: OUTPUT_BYTES + 1 - len(self._document)]

    def hear_file(self, content: bytes, problem: str | None) -> Iterator[None]:
        """Take what the program has left in a file, or what is wrong with that, line by line.

        It may be long: between two lines somebody else may have a turn.
        """
        if problem is not None:
            self._emit(Noted(text=problem))
        elif self._format == "text":
            self._answer.clear()
            self._answer.add(content.decode("utf-8", "replace"))
        elif self._format == "json":
            self._read(content)
        else:
            yield from self._hear_lines(content)

    def _hear_lines(self, content: bytes) -> Iterator[None]:
        lines = content.split(b"\n", MOST_LINES)
        rest = lines.pop() if len(lines) > MOST_LINES else b""
        for line in lines:
            self._read(line if len(line) <= LINE_BYTES else None)
            yield
        if rest:
            self._emit(Noted(text=f"its output is not read beyond line {MOST_LINES}"))

    def _read(self, line: bytes | None) -> None:
        """Read a value, and tell what it tells; what is none is words."""
        if line is None:
            most = LINE_BYTES if self._format == "jsonl" else OUTPUT_BYTES
            self._emit(Noted(text=f"an output of more than {most} bytes is not read"))
            return
        if not line or line.isspace():
            self._answer.add("\n")
            return
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            text = line.decode("utf-8", "replace").strip()
            self._answer.add(f"{text}\n")
            if text:
                told = text[:LINE_CHARACTERS] if self._may_tell(line) else ""
                self._emit(Noted(text=told) if told else Said(text=""))
            return
        for each in self._reader.take(value):
            if not isinstance(each, str):
                self._emit(each)
            elif self._may_tell(line):
                self._emit(Said(text=each))

    def last_lines(self) -> list[str]:
        """Return the last lines of both outputs, those of stderr behind, and what went wrong."""
        said = self._answer.text().splitlines()[-LAST_LINES:]
        wrong = (self.error or "").splitlines()
        return [*(line[:LINE_CHARACTERS] for line in said), *self._lines.last, *wrong]

    def end(self) -> None:
        """Take the end of both outputs."""
        self.hear("stdout", b"")
        self.hear("stderr", b"")
        if self._document:
            self._read(None if len(self._document) > OUTPUT_BYTES else bytes(self._document))

    def report(self, finished: Finished) -> Report:
        """Tell what a program's end amounts to."""
        if finished.exit_code in self._codes:
            # Some programs end with numbers that a shell would take for signals.
            finished = replace(finished, signal=None)
        outcome = self._outcome(finished)
        error = None if outcome is Outcome.SUCCEEDED else self._error(finished)
        read = self._reader.answer
        answer = (self._words() if read is None else read).strip()
        return Report(outcome=outcome, answer=answer, exit_code=finished.exit_code, error=error)

    def _words(self) -> str:
        """Return the end of its words, without the lines that are no part of an answer."""
        text = self._answer.text()
        if not self._noise:
            return text
        lines = text.splitlines(keepends=True)
        last = [each for each in lines[-MOST_LINES:] if not self._is_noise(each[:LINE_CHARACTERS])]
        return "".join([*lines[:-MOST_LINES], *last])

    def _is_noise(self, line: str) -> bool:
        return any(re.search(each, line) for each in self._noise)

    def _outcome(self, finished: Finished) -> Outcome:
        if finished.signal is not None:
            return Outcome.AGENT_CRASHED
        usual = {
            0: Outcome.SUCCEEDED,
            NOT_FOUND: Outcome.AGENT_MISSING,
            TRY_LATER: Outcome.RATE_LIMITED,
        }
        return (usual | self._codes).get(finished.exit_code, Outcome.AGENT_ERROR)

    def _may_tell(self, content: bytes) -> bool:
        before, self._told_bytes = self._told_bytes, self._told_bytes + len(content)
        if before < TOLD_BYTES <= self._told_bytes:
            self._emit(Noted(text="more output than is kept: from here on only its end counts"))
        return before < TOLD_BYTES

    def _error(self, finished: Finished) -> str:
        return "\n".join(
            [f"the program {ending(finished.exit_code, finished.signal)}", *self._lines.last]
        )
