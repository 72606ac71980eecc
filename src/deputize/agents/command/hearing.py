"""What one run of a program says, and what its end amounts to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import Noted, ProcessStarted, Report, Said
from deputize.agents.command.program import NOT_FOUND, TRY_LATER, ending
from deputize.agents.output import LAST_LINES, LINE_CHARACTERS, Decoder, Lines, Tail
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from deputize.agents.base import Emit
    from deputize.model.agent import AgentSettings
    from deputize.workspace.processes.identity import ProcessIdentity
    from deputize.workspace.processes.program import Stream
    from deputize.workspace.processes.run import Finished

TOLD_BYTES = 16 * 1024 * 1024
"""How much of its output is told as it comes; beyond that, only the end of it is kept."""


class Hearing:
    """Both outputs of a program, told as they come."""

    def __init__(self, emit: Emit, settings: AgentSettings) -> None:
        """Tell everything to `emit`."""
        self.has_started = False
        self._emit = emit
        self._codes = {int(code): Outcome(word) for code, word in settings.exit_codes.items()}
        self._told_bytes = 0
        self._answer = Tail()
        self._decoder = Decoder()
        self._lines = Lines()

    def started(self, identity: ProcessIdentity) -> None:
        """Tell that the program runs."""
        self.has_started = True
        self._emit(ProcessStarted(pid=identity.pid))

    def hear(self, stream: Stream, content: bytes) -> None:
        """Take the next piece of an output; an empty one ends it."""
        if stream == "stdout":
            text = self._decoder.feed(content)
            self._answer.add(text)
            if text:
                self._emit(Said(text=text if self._may_tell(content) else ""))
            return
        for line in self._lines.feed(content):
            # What is not kept is told as empty words: who speaks is not idle.
            self._emit(Noted(text=line) if self._may_tell(content) else Said(text=""))

    def last_lines(self) -> list[str]:
        """Return the last lines of both outputs, those of stderr at the end."""
        said = self._answer.text().splitlines()[-LAST_LINES:]
        return [*(line[:LINE_CHARACTERS] for line in said), *self._lines.last]

    def report(self, finished: Finished) -> Report:
        """Tell what a program's end amounts to."""
        self.hear("stdout", b"")
        self.hear("stderr", b"")
        if finished.exit_code in self._codes:
            # Some programs end with numbers that a shell would take for signals.
            finished = replace(finished, signal=None)
        outcome = self._outcome(finished)
        error = None if outcome is Outcome.SUCCEEDED else self._error(finished)
        answer = self._answer.text().strip()
        return Report(outcome=outcome, answer=answer, exit_code=finished.exit_code, error=error)

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
