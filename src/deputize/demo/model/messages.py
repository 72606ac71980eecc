"""Anthropic Messages, as its API reference documents requests, content blocks and events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deputize.demo.model.answer import (
    CACHED_TOKENS,
    FIRST_SERVER_ERROR,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    Answer,
    Dialect,
    ServerEvent,
    pieces,
    words,
)
from deputize.demo.model.conversation import Conversation, Tool, Transcript
from deputize.demo.model.shapes import an_object, objects, required_list, text, text_of_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# This dialect counts cached tokens apart.
USAGE: dict[str, object] = {
    "input_tokens": INPUT_TOKENS - CACHED_TOKENS,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": CACHED_TOKENS,
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"thinking_tokens": REASONING_TOKENS},
}

ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}

Block = dict[str, object]


def read(body: Mapping[str, object]) -> Conversation:
    """Read a request; raises `InvalidInput` where it has no messages."""
    transcript = Transcript()
    transcript.add_system(text_of_parts(body.get("system")))
    for message in required_list(body, "messages"):
        _read_message(message, transcript)
    return Conversation(
        model=text(body.get("model")),
        system="\n".join(transcript.system),
        turns=transcript.turns(),
        tools=tuple(map(_tool, objects(body.get("tools")))),
        workspace=transcript.workspace(),
        is_streaming=body.get("stream") is True,
    )


def _read_message(message: Mapping[str, object], transcript: Transcript) -> None:
    content = message.get("content")
    if message.get("role") == "system":
        transcript.add_system(text_of_parts(content))
    elif message.get("role") == "user":
        if isinstance(content, str):
            transcript.add_user(content)
        for block in objects(content):
            _read_block(block, transcript)


def _read_block(block: Block, transcript: Transcript) -> None:
    """Take each text of the user as a turn: a client merges prompts that got no answer."""
    if block.get("type") == "tool_result":
        transcript.add_result()
    elif block.get("type") == "text":
        transcript.add_user(text(block.get("text")))


def _tool(offered: Mapping[str, object]) -> Tool:
    return Tool(name=text(offered.get("name")), schema=an_object(offered.get("input_schema")))


def whole(answer: Answer) -> dict[str, object]:
    """Write an answer as one `message`."""
    return _message(answer) | {
        "content": _blocks(answer),
        "stop_reason": _stop_reason(answer),
        "usage": USAGE,
    }


def events(answer: Answer) -> Iterator[ServerEvent]:
    """Write an answer as its events, from `message_start` to `message_stop`."""
    begun = _message(answer) | {"usage": USAGE | {"output_tokens": 1}}
    yield _event("message_start", message=begun)
    for index, block in enumerate(_blocks(answer)):
        yield _event("content_block_start", index=index, content_block=_empty(block))
        for delta in _deltas(block):
            is_word = block["type"] == "text"
            yield _event("content_block_delta", is_word=is_word, index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    ending = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    yield _event("message_delta", delta=ending, usage=USAGE)
    yield _event("message_stop")


def error(status: int, message: str) -> dict[str, object]:
    """Return an error body."""
    general = "api_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"
    kind = ERROR_TYPES.get(status, general)
    return {"type": "error", "error": {"type": kind, "message": message}}


def _event(name: str, *, is_word: bool = False, **payload: object) -> ServerEvent:
    return ServerEvent(name=name, payload={"type": name, **payload}, is_word=is_word)


def _message(answer: Answer) -> dict[str, object]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop_reason(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"


def _blocks(answer: Answer) -> list[Block]:
    said: list[Block] = [{"type": "text", "text": answer.text}] if answer.text else []
    calls: list[Block] = [
        {
            "type": "tool_use",
            "id": f"toolu_{call.id}",
            "name": call.tool.name,
            "input": call.arguments,
        }
        for call in answer.calls
    ]
    return said + calls


def _empty(block: Block) -> Block:
    nothing: Block = {"text": ""} if block["type"] == "text" else {"input": {}}
    return block | nothing


def _deltas(block: Block) -> Iterator[dict[str, object]]:
    if block["type"] == "text":
        for word in words(str(block["text"])):
            yield {"type": "text_delta", "text": word}
        return
    for piece in pieces(json.dumps(block["input"])):
        yield {"type": "input_json_delta", "partial_json": piece}


MESSAGES = Dialect(
    name="messages",
    path="/v1/messages",
    read=read,
    whole=whole,
    events=events,
    error=error,
    reset_header="anthropic-ratelimit-requests-reset",
    reset_is_moment=True,
)
