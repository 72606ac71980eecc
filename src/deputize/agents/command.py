"""Any program as an agent: the prompt on its input or in its arguments, its exit code the outcome.

Its tool calls are not seen, so they can't be put to the gate; what it may reach is up to the
sandbox, and what it left behind is judged as any agent's work.
"""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import Emit, Found, Gate, Job, Noted, ProcessStarted, Report, Said
from deputize.agents.failures import reset_in
from deputize.agents.output import LAST_LINES, LINE_CHARACTERS, Decoder, Lines, Tail
from deputize.agents.patterns import told_in
from deputize.clock import SystemClock
from deputize.errors import ProcessError
from deputize.model.agent import NO_PATTERNS
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.run import Finished, Limits, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.clock import Clock
    from deputize.model.agent import Patterns
    from deputize.workspace.processes.identity import ProcessIdentity
    from deputize.workspace.processes.program import Stream

PROMPT = "{prompt}"
NOT_FOUND = 127
"""A shell's exit code for a program that isn't there."""
TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: a program that knows it is limited says so with this."""
LONGEST_ARGUMENT = 128 * 1024 - 1
"""Bytes of one argument that Linux takes (MAX_ARG_STRLEN, execve(2))."""
TOLD_BYTES = 16 * 1024 * 1024
"""How much of its output is told as it comes; beyond that, only the end of it is kept."""
UNLIMITED_BYTES = 1 << 62


class CommandAgent:
    """An agent that is any program."""

    def __init__(
        self,
        name: str,
        command: tuple[str, ...],
        clock: Clock | None = None,
        *,
        success: tuple[int, ...] = (),
        patterns: Patterns = NO_PATTERNS,
    ) -> None:
        """Run `command`, in whose arguments `{prompt}` stands for the prompt."""
        self._success = frozenset(success or (0,))
        self._patterns = patterns
        self.name = name
        self.command = command
        self._clock = clock or SystemClock()

    def find(self) -> Found:
        """Look the program up."""
        return found_on_path(self.command, os.environ)

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:  # noqa: ARG002 - nothing to ask about
        """Run the program; see `Agent.run`."""
        environment = {**job.environment, **job.secrets}
        found = found_on_path(self.command, environment, job.workspace)
        if found.path is None:
            return Report(outcome=Outcome.AGENT_MISSING, error=found.problem)
        if problem := self._unfit(job.prompt):
            return Report(outcome=Outcome.AGENT_ERROR, error=problem)
        command = Command(
            argv=tuple(part.replace(PROMPT, job.prompt) for part in self.command),
            cwd=job.workspace,
            env=environment,
            contained=bool(job.containment),
        )
        prompt = b"" if self._takes_argument else job.prompt.encode("utf-8", "replace")
        hearing = Hearing(emit)
        report = self._judged(await _run(command, prompt, hearing), hearing)
        if report.outcome is not Outcome.RATE_LIMITED or report.retry_at is not None:
            return report
        return replace(report, retry_at=reset_in(report.error or "", self._clock.now()))

    def _judged(self, report: Report, hearing: Hearing) -> Report:
        """Hold an end that was no signal against what this program means by codes and words."""
        if report.outcome not in {Outcome.SUCCEEDED, Outcome.AGENT_ERROR}:
            return report
        if report.exit_code is None:
            return report
        if told := told_in(hearing.last_lines(), self._patterns, self._clock.now()):
            failure, line = told
            return replace(report, outcome=failure.outcome, error=line, retry_at=failure.retry_at)
        if report.exit_code in self._success:
            return replace(report, outcome=Outcome.SUCCEEDED, error=None)
        error = report.error or f"the program ended with exit code {report.exit_code}"
        return replace(report, outcome=Outcome.AGENT_ERROR, error=error)

    @property
    def _takes_argument(self) -> bool:
        return any(PROMPT in part for part in self.command)

    def _unfit(self, prompt: str) -> str | None:
        """Say why a prompt can't be an argument, where it has to be one."""
        if not self._takes_argument:
            return None
        if "\0" in prompt:
            return "the prompt has a NUL character, which no argument can carry"
        if len(prompt.encode("utf-8", "replace")) > LONGEST_ARGUMENT:
            return f"the prompt is too long for an argument; leave {PROMPT} out to get it on stdin"
        return None


class Hearing:
    """Both outputs of a program, told as they come."""

    def __init__(self, emit: Emit) -> None:
        """Tell everything to `emit`."""
        self.has_started = False
        self._emit = emit
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
        outcome = _outcome(finished)
        error = None if outcome is Outcome.SUCCEEDED else self._error(finished)
        answer = self._answer.text().strip()
        return Report(outcome=outcome, answer=answer, exit_code=finished.exit_code, error=error)

    def _may_tell(self, content: bytes) -> bool:
        before, self._told_bytes = self._told_bytes, self._told_bytes + len(content)
        if before < TOLD_BYTES <= self._told_bytes:
            self._emit(Noted(text="more output than is kept: from here on only its end counts"))
        return before < TOLD_BYTES

    def _error(self, finished: Finished) -> str:
        return "\n".join(
            [f"the program {ending(finished.exit_code, finished.signal)}", *self._lines.last]
        )


def found_on_path(
    command: tuple[str, ...], environment: Mapping[str, str], cwd: Path | None = None
) -> Found:
    """Look for a command's program on the PATH of `environment`; one with a slash, from `cwd`."""
    program = command[0] if command else ""
    place = str(cwd / program) if cwd and os.sep in program else program
    path = shutil.which(place, path=environment.get("PATH", os.defpath)) if program else None
    if path is not None:
        return Found(path=path, how="config" if os.sep in program else "PATH")
    problem = f"program not found: {program!r}" if program else "no command is configured"
    hint = "install it, or set `command` of this agent in config.toml to its full path"
    return Found(path=None, problem=problem, hint=hint)


def ending(exit_code: int, killed_by: int | None) -> str:
    """Say how a program ended."""
    if killed_by is None:
        return f"ended with exit code {exit_code}"
    known = {each.value: each.name for each in signal.Signals}
    return f"was killed by {known.get(killed_by, f'signal {killed_by}')}"


async def _run(command: Command, prompt: bytes, hearing: Hearing) -> Report:
    limits = Limits(output_limit_bytes=UNLIMITED_BYTES)
    try:
        finished = await run(
            command, limits, hearing.hear, stdin=prompt, on_started=hearing.started
        )
    except ProcessError as exc:
        if hearing.has_started:
            raise
        return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)
    return hearing.report(finished)


def _outcome(finished: Finished) -> Outcome:
    if finished.signal is not None:
        return Outcome.AGENT_CRASHED
    table = {
        0: Outcome.SUCCEEDED,
        NOT_FOUND: Outcome.AGENT_MISSING,
        TRY_LATER: Outcome.RATE_LIMITED,
    }
    return table.get(finished.exit_code, Outcome.AGENT_ERROR)
