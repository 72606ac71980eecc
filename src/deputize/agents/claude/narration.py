"""What Claude Code tells in our words: pure, one message after the other.

Kinds of messages that nobody knows here tell nothing: newer versions send more of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deputize.agents.base import AgentEvent, Noted, Said, SessionStarted, ToolFinished, ToolStarted
from deputize.agents.claude.login import SESSION
from deputize.agents.jsonl import Json, as_list, as_object, as_text
from deputize.agents.vocabulary import action_of, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST_NAME = 60
LAST_SECOND = 253402300799
"""The last one that a date can tell: of the year 9999."""


class Narrator:
    """Keeps what later messages refer to, and how it ended."""

    def __init__(self) -> None:
        """Start before the first message."""
        self.session: str | None = None
        self.result: Json | None = None
        """The last message, once it has come."""
        self.resets_at: datetime | None = None
        """When the limit ends that the login has run into, where it is told."""
        self._tools: dict[str, str] = {}
        self._refused: set[str] = set()
        self._streamed: set[str] = set()
        self._hearers: Mapping[str, Callable[[Json], Iterator[AgentEvent]]] = {
            "system": self._system,
            "stream_event": self._streaming,
            "assistant": self._assistant,
            "user": self._user,
            "rate_limit_event": self._limit,
            "result": self._ended,
        }

    def refuse(self, identifier: str) -> None:
        """Remember that a tool call was refused."""
        self._refused.add(identifier)

    def hear(self, message: Json) -> Iterator[AgentEvent]:
        """Yield what a message tells."""
        hearer = self._hearers.get(as_text(message.get("type")))
        if hearer is not None and self.result is None:
            yield from hearer(message)

    def _system(self, message: Json) -> Iterator[AgentEvent]:
        session = as_text(message.get("session_id"))
        if message.get("subtype") == "init" and self.session is None and SESSION.fullmatch(session):
            self.session = session
            yield SessionStarted(token=session)

    def _streaming(self, message: Json) -> Iterator[AgentEvent]:
        event = as_object(message.get("event"))
        if _is_helper(message):
            return
        if event.get("type") == "message_start":
            self._streamed.add(as_text(as_object(event.get("message")).get("id")))
        elif event.get("type") == "content_block_delta":
            delta = as_object(event.get("delta"))
            if text := as_text(delta.get("text")) or as_text(delta.get("thinking")):
                yield Said(text=text)
        elif event.get("type") == "message_stop":
            yield Said(text="\n")

    def _assistant(self, message: Json) -> Iterator[AgentEvent]:
        told = as_object(message.get("message"))
        is_new = as_text(told.get("id")) not in self._streamed and not _is_helper(message)
        for block in map(as_object, as_list(told.get("content"))):
            text = as_text(block.get("text"))
            if block.get("type") == "text" and text and is_new:
                yield Said(text=f"{text}\n")
            elif block.get("type") == "tool_use":
                yield from self._started(block)

    def _started(self, block: Json) -> Iterator[AgentEvent]:
        identifier = as_text(block.get("id"))
        if not identifier or identifier in self._tools:
            return
        name = one_line(as_text(block.get("name")) or "other", LONGEST_NAME)
        self._tools[identifier] = name
        summary = action_of(name, block.get("input")).summary
        yield ToolStarted(id=identifier, name=name, summary=summary)

    def _user(self, message: Json) -> Iterator[AgentEvent]:
        for block in map(as_object, as_list(as_object(message.get("message")).get("content"))):
            name = self._tools.pop(as_text(block.get("tool_use_id")), None)
            if block.get("type") == "tool_result" and name is not None:
                identifier = as_text(block.get("tool_use_id"))
                yield ToolFinished(
                    id=identifier,
                    name=name,
                    ok=block.get("is_error") is not True,
                    denied=identifier in self._refused,
                    output=_text_of(block.get("content")),
                )

    def _limit(self, message: Json) -> Iterator[AgentEvent]:
        told = as_object(message.get("rate_limit_info"))
        if told.get("status") == "rejected":
            self.resets_at = _moment(told.get("resetsAt"))
            yield Noted(text="the limit of this login is reached")

    def _ended(self, message: Json) -> Iterator[AgentEvent]:
        self.result = message
        yield from ()


def _is_helper(message: Json) -> bool:
    """Tell whether it is about an agent that this one has called to help."""
    return message.get("parent_tool_use_id") is not None


def _text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = (as_text(as_object(part).get("text")) for part in as_list(content))
    return "\n".join(part for part in parts if part)


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float) or not 0 <= seconds <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)
