"""The events of a Copilot session in our words: pure, one event after the other.

Kinds of events that nobody knows here tell nothing: newer runtimes send more of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.agents.base import AgentEvent, Noted, Said, ToolFinished, ToolStarted, Used
from deputize.agents.failures import Failure, failure_of
from deputize.agents.vocabulary import action_of, one_line
from deputize.model.attempt import Usage, count_in
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from datetime import datetime

NOTE_CHARACTERS = 500

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A failure, and the words in which it was told."""

    failure: Failure
    text: str


class Narrator:
    """Keeps what later events refer to, and how the session ended."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start before the first event; `now` tells the time where a limit's end is a span."""
        self._now = now
        self._tools: dict[str, str] = {}
        self._streamed: set[str] = set()
        self._expects_idle = False
        self._expects_prompt = False
        self.answer = ""
        self.is_over = False
        self.was_aborted = False
        self.error: Trouble | None = None
        self.limit: Trouble | None = None
        """The limit that the model's provider has set, until a call succeeds."""
        self._hearers: Mapping[str, Callable[[Data], Iterator[AgentEvent]]] = {
            "assistant.message_delta": self._message_delta,
            "assistant.message": self._message,
            "assistant.reasoning_delta": self._thought,
            "assistant.turn_start": self._turn,
            "assistant.usage": self._usage,
            "tool.execution_start": self._tool_started,
            "tool.execution_complete": self._tool_finished,
            "model.call_failure": self._call_failed,
            "session.info": self._note,
            "session.warning": self._note,
            "session.error": self._error,
            "session.idle": self._idle,
            "user.message": self._prompted,
        }

    def begin(self, *, in_the_middle: bool = False) -> None:
        """Take the next idling of the session for the end of the prompt that is now sent.

        Where it is `in_the_middle` of an earlier turn, only once it has taken up the prompt.
        """
        self._expects_idle = True
        self._expects_prompt = in_the_middle

    def hear(self, kind: str, data: Data) -> Iterator[AgentEvent]:
        """Yield what an event tells."""
        hearer = self._hearers.get(kind)
        if hearer is not None:
            yield from hearer(data)

    def _message_delta(self, data: Data) -> Iterator[AgentEvent]:
        text = _text(data, "deltaContent")
        if text and not data.get("parentToolCallId"):
            self._streamed.add(_text(data, "messageId"))
            yield Said(text=text)

    def _message(self, data: Data) -> Iterator[AgentEvent]:
        text = _text(data, "content")
        if not text or data.get("parentToolCallId"):
            return
        self.answer = text
        if _text(data, "messageId") not in self._streamed:
            yield Said(text=text)
        yield Said(text="\n")

    def _thought(self, data: Data) -> Iterator[AgentEvent]:
        if text := _text(data, "deltaContent"):
            yield Said(text=text)

    def _turn(self, data: Data) -> Iterator[AgentEvent]:  # noqa: ARG002 - one shape for all
        self.error = None
        yield from ()

    def _usage(self, data: Data) -> Iterator[AgentEvent]:
        self.limit = None
        usage = Usage(
            input_tokens=count_in(data.get("inputTokens")),
            output_tokens=count_in(data.get("outputTokens")),
            cached_tokens=count_in(data.get("cacheReadTokens")),
            reasoning_tokens=count_in(data.get("reasoningTokens")),
        )
        yield Used(usage=usage, model=_text(data, "model") or None)

    def _tool_started(self, data: Data) -> Iterator[AgentEvent]:
        identifier, name = _text(data, "toolCallId"), one_line(_text(data, "toolName"), 60)
        self._tools[identifier] = name
        summary = action_of(name, data.get("arguments")).summary
        yield ToolStarted(id=identifier, name=name, summary=summary)

    def _tool_finished(self, data: Data) -> Iterator[AgentEvent]:
        identifier, error = _text(data, "toolCallId"), _object(data, "error")
        result = _object(data, "result")
        output = _text(error, "message") or _text(result, "content")
        yield ToolFinished(
            id=identifier,
            name=self._tools.get(identifier, "other"),
            ok=data.get("success") is True,
            denied=error.get("code") == "denied",
            output=output,
        )

    def _call_failed(self, data: Data) -> Iterator[AgentEvent]:
        trouble = self._trouble(data, _text(data, "errorMessage"))
        if trouble.failure.outcome in {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT}:
            self.limit = self.limit or trouble
        status = data.get("statusCode") or "no answer"
        yield Noted(text=one_line(f"the model failed ({status}): {trouble.text}", NOTE_CHARACTERS))

    def _note(self, data: Data) -> Iterator[AgentEvent]:
        if text := _text(data, "message"):
            yield Noted(text=one_line(text, NOTE_CHARACTERS))

    def _error(self, data: Data) -> Iterator[AgentEvent]:
        self.error = self._trouble(data, _text(data, "message") or "the session failed")
        yield Noted(text=one_line(self.error.text, NOTE_CHARACTERS))

    def _idle(self, data: Data) -> Iterator[AgentEvent]:
        if self._expects_idle and not self._expects_prompt:
            self.was_aborted = data.get("aborted") is True
            self.is_over = True
        yield from ()

    def _prompted(self, data: Data) -> Iterator[AgentEvent]:  # noqa: ARG002 - one shape for all
        self._expects_prompt = False
        yield from ()

    def _trouble(self, data: Data, text: str) -> Trouble:
        status = data.get("statusCode")
        told = status if isinstance(status, int) else None
        failure = failure_of(status=told, text=text, now=self._now())
        if (
            failure.outcome in {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT}
            and self.limit is not None
        ):
            # The last error may be told in other words than the one that said when it ends.
            failure = Failure(
                outcome=failure.outcome, retry_at=failure.retry_at or self.limit.failure.retry_at
            )
        return Trouble(failure=failure, text=text)


def _text(data: Data, key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _object(data: Data, key: str) -> Data:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
