"""What the model answers, the same for every dialect, with usage that is easy to recognise."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from deputize.demo.model.conversation import Conversation, Tool

INPUT_TOKENS = 1234
"""Of each request, the cached ones included."""
CACHED_TOKENS = 200
OUTPUT_TOKENS = 56
"""Of each answer, the reasoning ones included."""
REASONING_TOKENS = 7

FIRST_SERVER_ERROR = 500
OPENAI_ERRORS = {401: "authentication_error", 403: "permission_error", 429: "requests"}
OPENAI_CODES = {401: "invalid_api_key", 404: "not_found", 429: "rate_limit_exceeded"}

ARGUMENT_PIECE = 40
"""Characters of a tool call's arguments per streamed event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool the model wants called, and with what: named arguments, or one text.

    `id` is unique; each dialect puts its own prefix before it.
    """

    id: str
    tool: Tool
    arguments: Mapping[str, object] | str

    @property
    def arguments_text(self) -> str:
        """Return the arguments as they are sent: JSON, or the text itself."""
        if isinstance(self.arguments, str) and self.tool.is_freeform:
            return self.arguments
        return json.dumps(self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; `id` is unique, `created` is in Unix seconds."""

    id: str
    model: str
    created: int
    text: str
    calls: tuple[ToolCall, ...] = ()
    wants_usage: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One server-sent event; a text payload is sent as it is."""

    name: str | None = None
    payload: Mapping[str, object] | str
    is_word: bool = False
    """It carries a word of the answer, and may be sent after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One wire format: how a request is read and how an answer, whole or in events, is written.

    `read` raises `InvalidInput` for a body that is no request of this dialect.
    """

    name: str
    path: str
    read: Callable[[Mapping[str, object]], Conversation]
    whole: Callable[[Answer], dict[str, object]]
    events: Callable[[Answer], Iterable[ServerEvent]]
    error: Callable[[int, str], dict[str, object]]
    reset_header: str
    """The header that tells when a limit is over."""
    reset_is_moment: bool
    """That header holds an RFC 3339 moment, not a duration."""


def words(text: str) -> Iterator[str]:
    """Yield a text word by word, each with the space that follows it."""
    yield from re.findall(r"\s*\S+\s*|\s+", text)


def pieces(text: str) -> Iterator[str]:
    """Yield a long text in short pieces; an empty one as one empty piece."""
    for start in range(0, max(1, len(text)), ARGUMENT_PIECE):
        yield text[start : start + ARGUMENT_PIECE]


def openai_error(status: int, message: str) -> dict[str, object]:
    """Return the error body of both OpenAI dialects."""
    general = "server_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"
    kind, code = OPENAI_ERRORS.get(status, general), OPENAI_CODES.get(status)
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
