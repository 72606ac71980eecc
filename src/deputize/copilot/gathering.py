"""The agent's events as deltas, and what they add up to: pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import (
    AgentEvent,
    Noted,
    ProcessStarted,
    Report,
    Said,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    Used,
)
from deputize.agents.output import shown_output
from deputize.copilot.request import CodingTaskResult, DeltaKind, StreamingDelta, ToolCallRecord
from deputize.errors import AgentError
from deputize.model.attempt import Usage
from deputize.model.outcome import MEANINGS, Outcome
from deputize.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

HINTS = {
    Outcome.AGENT_CRASHED: "ask again: the runtime is started anew",
    Outcome.AGENT_MISSING: "`deputize doctor` says what is missing",
    Outcome.AUTH_FAILED: "log in with Copilot, set COPILOT_GITHUB_TOKEN, or name a provider",
    Outcome.TIME_LIMIT: "ask for less, or give it more with `timeout`",
    Outcome.RATE_LIMITED: "ask again once the provider's limit resets",
    Outcome.QUOTA_SPENT: "ask again once the quota resets, or name another provider",
}
"""What a program, or who runs it, can do."""


class Gathering:
    """What was heard of one request."""

    def __init__(self, passed: Callable[[], float]) -> None:
        """Begin; `passed` tells how many seconds ago the request was made."""
        self._passed = passed
        self._calls: dict[str, ToolCallRecord] = {}
        self._usage = Usage()
        self._session: str | None = None
        self._redactor = Redactor()

    def hear(self, event: AgentEvent) -> StreamingDelta | None:
        """Take an event; return what is told of it, if anything."""
        match event:
            case Said(text=text):
                return StreamingDelta(kind=DeltaKind.TEXT, content=text)
            case Noted(text=text):
                return StreamingDelta(kind=DeltaKind.NOTE, content=text)
            case ToolStarted():
                return self._started(event)
            case ToolFinished():
                return self._finished(event)
            case Used(usage=usage):
                self._usage = self._usage.plus(usage)
            case SessionStarted(token=token):
                self._session = token
            case ProcessStarted():
                pass
        return None

    def _started(self, event: ToolStarted) -> StreamingDelta:
        self._calls[event.id] = ToolCallRecord(
            tool=event.name, summary=event.summary, started_seconds=self._passed()
        )
        return StreamingDelta(kind=DeltaKind.TOOL_START, content=event.summary, tool=event.name)

    def _finished(self, event: ToolFinished) -> StreamingDelta:
        begun = self._calls.get(event.id) or ToolCallRecord(
            tool=event.name, summary="", started_seconds=self._passed()
        )
        output = shown_output(event.output, self._redactor)
        self._calls[event.id] = replace(begun, ok=event.ok, denied=event.denied, output=output)
        return StreamingDelta(kind=DeltaKind.TOOL_END, content=output, tool=event.name)

    def result(self, report: Report) -> CodingTaskResult:
        """Put together what came of it."""
        return CodingTaskResult(
            success=report.outcome is Outcome.SUCCEEDED,
            content=report.answer,
            tool_calls=tuple(self._calls.values()),
            usage=self._usage,
            session_id=self._session,
            duration_seconds=self._passed(),
            error=error_of(report),
            retry_at=report.retry_at,
        )


def error_of(report: Report) -> AgentError | None:
    """Return what a program may raise for a report; None where all is well."""
    if report.outcome is Outcome.SUCCEEDED:
        return None
    message = report.error or f"it ended as {report.outcome}"
    return failed(report.outcome, message)


def failed(outcome: Outcome, message: str, hint: str | None = None) -> AgentError:
    """Return an error whose outcome tells whether another try may help."""
    retryable = MEANINGS[outcome].retryable
    return AgentError(outcome, message, hint=hint or HINTS.get(outcome), recoverable=retryable)
