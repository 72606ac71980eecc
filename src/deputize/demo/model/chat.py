"""OpenAI Chat Completions, as its API reference documents requests, answers and chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.demo.model.answer import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    Answer,
    Dialect,
    ServerEvent,
    ToolCall,
    openai_error,
    pieces,
    words,
)
from deputize.demo.model.conversation import Conversation, Tool, Transcript
from deputize.demo.model.shapes import an_object, objects, required_list, text, text_of_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

USAGE: dict[str, object] = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
    "completion_tokens_details": {"reasoning_tokens": REASONING_TOKENS},
}


def read(body: Mapping[str, object]) -> Conversation:
    """Read a request; raises `InvalidInput` where it has no messages."""
    transcript = Transcript()
    for message in required_list(body, "messages"):
        _read_message(message, transcript)
    is_streaming = body.get("stream") is True
    options = an_object(body.get("stream_options"))
    return Conversation(
        model=text(body.get("model")),
        system="\n".join(transcript.system),
        turns=transcript.turns(),
        tools=tuple(map(_tool, objects(body.get("tools")))),
        workspace=transcript.workspace(),
        is_streaming=is_streaming,
        wants_usage=not is_streaming or options.get("include_usage") is True,
    )


def _read_message(message: Mapping[str, object], transcript: Transcript) -> None:
    content = text_of_parts(message.get("content"))
    match message.get("role"):
        case "system" | "developer":
            transcript.add_system(content)
        case "user":
            transcript.add_user(content)
        case "tool":
            transcript.add_result()


def _tool(offered: Mapping[str, object]) -> Tool:
    is_freeform = offered.get("type") == "custom"
    definition = an_object(offered.get("custom" if is_freeform else "function"))
    return Tool(
        name=text(definition.get("name")),
        schema=an_object(definition.get("parameters")),
        is_freeform=is_freeform,
    )


def whole(answer: Answer) -> dict[str, object]:
    """Write an answer as one `chat.completion`."""
    message: dict[str, object] = {
        "role": "assistant",
        "content": answer.text or None,
        "refusal": None,
    }
    if answer.calls:
        message["tool_calls"] = [_call(call) for call in answer.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return _head(answer, "chat.completion") | {"choices": [choice], "usage": USAGE}


def events(answer: Answer) -> Iterator[ServerEvent]:
    """Write an answer as `chat.completion.chunk` events and the closing `[DONE]`."""
    yield _chunk(answer, {"role": "assistant", "content": ""})
    for word in words(answer.text):
        yield _chunk(answer, {"content": word}, is_word=True)
    for index, call in enumerate(answer.calls):
        for delta in _call_deltas(call, index):
            yield _chunk(answer, {"tool_calls": [delta]})
    yield _chunk(answer, {}, finish=_finish(answer))
    if answer.wants_usage:
        payload = _head(answer, "chat.completion.chunk") | {"choices": [], "usage": USAGE}
        yield ServerEvent(payload=payload)
    yield ServerEvent(payload="[DONE]")


def _head(answer: Answer, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": answer.created,
        "model": answer.model,
    }


def _chunk(
    answer: Answer,
    delta: Mapping[str, object],
    *,
    finish: str | None = None,
    is_word: bool = False,
) -> ServerEvent:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    payload = _head(answer, "chat.completion.chunk") | {"choices": [choice]}
    if answer.wants_usage:
        payload["usage"] = None
    return ServerEvent(payload=payload, is_word=is_word)


def _finish(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _call(call: ToolCall) -> dict[str, object]:
    name, arguments = call.tool.name, call.arguments_text
    if call.tool.is_freeform:
        return {
            "id": f"call_{call.id}",
            "type": "custom",
            "custom": {"name": name, "input": arguments},
        }
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _call_deltas(call: ToolCall, index: int) -> Iterator[dict[str, object]]:
    if call.tool.is_freeform:
        yield {"index": index} | _call(call)
        return
    function = {"name": call.tool.name, "arguments": ""}
    yield {"index": index, "id": f"call_{call.id}", "type": "function", "function": function}
    for piece in pieces(call.arguments_text):
        yield {"index": index, "function": {"arguments": piece}}


CHAT = Dialect(
    name="chat",
    path="/v1/chat/completions",
    read=read,
    whole=whole,
    events=events,
    error=openai_error,
    reset_header="x-ratelimit-reset-requests",
    reset_is_moment=False,
)
