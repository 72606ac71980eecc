"""One run of Codex from its start to its end: heard, counted, and judged."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import Noted, ProcessStarted, Report, Said, Used
from deputize.agents.codex.limits import LOGGED, Limit, hour_in, limit_in
from deputize.agents.codex.narration import Narrator
from deputize.agents.codex.told import Told
from deputize.agents.command.program import NOT_FOUND, UNLIMITED_BYTES, ending
from deputize.agents.failures import failure_of
from deputize.agents.lines import WholeLines
from deputize.agents.output import LAST_LINES, LINE_CHARACTERS
from deputize.errors import ProcessError
from deputize.model.attempt import NO_USAGE, Usage
from deputize.model.outcome import Outcome
from deputize.workspace.processes.program import KILLED_BASE, Command
from deputize.workspace.processes.run import Finished, Limits, run

if TYPE_CHECKING:
    from deputize.agents.base import Emit, Job
    from deputize.agents.codex.launch import Launch
    from deputize.clock import Clock
    from deputize.workspace.processes.identity import ProcessIdentity
    from deputize.workspace.processes.program import Stream

MESSAGE_BYTES = 8 * 1024 * 1024
"""The longest line that is taken; it holds all that a command wrote."""
LOG_LINE_BYTES = 64 * 1024
PANICKED = 101
"""The exit code of a Rust program that gave up on itself."""
LIMITED = frozenset({Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT})
NO_KEY = "Missing environment variable"
"""How it tells that a provider of the person's own settings lacks its key."""


class Hearing:
    """Both outputs of one run."""

    def __init__(self, job: Job, emit: Emit, *, clock: Clock, patience_seconds: float) -> None:
        """Tell everything to `emit`."""
        self._job = job
        self._emit = emit
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._narrator = Narrator(job.answer_characters)
        self._told = Told(job.state)
        self._lines = {
            "stdout": WholeLines(MESSAGE_BYTES),
            "stderr": WholeLines(LOG_LINE_BYTES),
        }
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._limit: Limit | None = None
        self._running = anyio.CancelScope()
        self._has_started = False

    @property
    def found_no_session(self) -> bool:
        """Tell whether it ended because the session to be resumed isn't there."""
        return self._narrator.thread is None and self._narrator.can_not_resume

    async def see_through(self, launch: Launch) -> Report:
        """Run the program to its end, or to a limit that lasts longer than we are patient."""
        command = Command(
            argv=launch.argv,
            cwd=self._job.workspace,
            env=launch.environment,
            launcher=self._job.launcher,
        )
        prompt = self._job.said.encode("utf-8", "replace")
        limits = Limits(output_limit_bytes=UNLIMITED_BYTES)
        with self._running:
            try:
                finished = await run(
                    command, limits, self.hear, stdin=prompt, on_started=self._started
                )
            except ProcessError as exc:
                if self._has_started:
                    raise
                return Report(outcome=Outcome.AGENT_ERROR, error=exc.message)
            return self._report(finished)
        return self._given_up()

    def hear(self, stream: Stream, content: bytes) -> None:
        """Take the next piece of an output; an empty one ends it."""
        for line in self._lines[stream].feed(content):
            if line is None:
                self._emit(Noted(text="a line that is too long was passed over"))
            elif stream == "stdout":
                self._hear_line(line)
            else:
                self._hear_log(line.decode("utf-8", "replace").rstrip())

    def _started(self, identity: ProcessIdentity) -> None:
        self._has_started = True
        self._emit(ProcessStarted(pid=identity.pid))

    def _hear_line(self, line: bytes) -> None:
        before = self._narrator.total
        for event in self._narrator.hear(line):
            self._emit(event)
        total = self._narrator.total
        if total is not None and total is not before:
            self._account(total)

    def _hear_log(self, line: str) -> None:
        if LOGGED in line:
            # Headers may hold what is nobody's business: they are looked at, never told.
            self._emit(Said(text=""))
            self._mind(limit_in(line, self._clock.now()))
            return
        if line:
            self._last.append(line[:LINE_CHARACTERS])
        for event in self._narrator.hear_error(line):
            self._emit(event)

    def _mind(self, limit: Limit | None) -> None:
        """Give up on a limit that lasts: a slot is not for waiting."""
        if limit is None:
            return
        self._limit = limit
        if limit.is_waited_for and limit.retry_at is not None:
            left = limit.retry_at - self._clock.now()
            if left.total_seconds() > self._patience_seconds:
                self._running.cancel()

    def _account(self, total: Usage) -> None:
        """Tell what is new in what a thread has taken, and keep what was told."""
        thread = self._narrator.thread
        told: Usage | None = NO_USAGE
        if thread is not None and thread == self._job.session:
            told = self._told.before(thread)
        if told is None:
            text = "what this turn took is not known: the session was begun elsewhere"
            self._emit(Noted(text=text))
            told = total
        if thread is not None:
            self._keep(thread, total)
        if (used := total.beyond(told)) != NO_USAGE:
            self._emit(Used(usage=used, model=self._job.model))

    def _keep(self, thread: str, total: Usage) -> None:
        try:
            self._told.keep(thread, total)
        except OSError as exc:
            self._emit(Noted(text=f"what was told of the session's usage can't be kept: {exc}"))

    def _given_up(self) -> Report:
        self._flush()
        error = "the provider has set a limit (status 429) that lasts"
        return Report(
            outcome=Outcome.RATE_LIMITED,
            answer=self._narrator.answer,
            error=error,
            retry_at=None if self._limit is None else self._limit.retry_at,
        )

    def _report(self, finished: Finished) -> Report:
        """Tell what the program's end amounts to."""
        self._flush()
        narrator = self._narrator
        if finished.signal is None and narrator.error is not None:
            return self._failed(narrator.error, finished)
        if finished.signal is None and finished.exit_code == 0 and narrator.is_done:
            return Report(outcome=Outcome.SUCCEEDED, answer=narrator.answer, exit_code=0)
        return self._broken_off(finished)

    def _flush(self) -> None:
        self.hear("stdout", b"")
        self.hear("stderr", b"")

    def _failed(self, error: str, finished: Finished) -> Report:
        now = self._clock.now()
        failure = failure_of(text=error, now=now)
        outcome, retry_at = failure.outcome, failure.retry_at
        if outcome in LIMITED and retry_at is None:
            known = None if self._limit is None else self._limit.retry_at
            retry_at = hour_in(error, now) or known
        if outcome is Outcome.AGENT_ERROR and NO_KEY in error:
            outcome = Outcome.AUTH_FAILED
        return Report(
            outcome=outcome,
            answer=self._narrator.answer,
            exit_code=finished.exit_code,
            error=error,
            retry_at=retry_at,
        )

    def _broken_off(self, finished: Finished) -> Report:
        code = finished.exit_code
        outcome = Outcome.AGENT_ERROR
        if finished.signal is not None or code > KILLED_BASE or code == PANICKED:
            outcome = Outcome.AGENT_CRASHED
        elif code == NOT_FOUND:
            outcome = Outcome.AGENT_MISSING
        how = ending(code, finished.signal)
        error = "\n".join([f"Codex {how} before its turn was complete", *self._last])
        return Report(outcome=outcome, answer=self._narrator.answer, exit_code=code, error=error)
