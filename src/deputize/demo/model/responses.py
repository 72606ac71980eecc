"""OpenAI Responses, as its API reference documents requests, items and streaming events."""

from __future__ import annotations

from itertools import chain
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
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": REASONING_TOKENS},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}

Item = dict[str, object]


def read(body: Mapping[str, object]) -> Conversation:
    """Read a request; raises `InvalidInput` where it has no input."""
    transcript = Transcript()
    transcript.add_system(text(body.get("instructions")))
    if isinstance(prompt := body.get("input"), str):
        transcript.add_user(prompt)
    else:
        for item in required_list(body, "input"):
            _read_item(item, transcript)
    return Conversation(
        model=text(body.get("model")),
        system="\n".join(transcript.system),
        turns=transcript.turns(),
        tools=tuple(chain.from_iterable(map(_tools, objects(body.get("tools"))))),
        workspace=transcript.workspace(),
        is_streaming=body.get("stream") is True,
    )


def _read_item(item: Item, transcript: Transcript) -> None:
    kind, content = text(item.get("type") or "message"), text_of_parts(item.get("content"))
    match kind, item.get("role"):
        case "message", "system" | "developer":
            transcript.add_system(content)
        case "message", "user":
            transcript.add_user(content)
        case _ if kind.endswith("_output"):
            transcript.add_result()


def _tools(offered: Item) -> list[Tool]:
    namespace = text(offered.get("name"))
    if offered.get("type") == "namespace":
        return [_tool(tool, namespace) for tool in objects(offered.get("tools"))]
    return [_tool(offered, None)]


def _tool(offered: Item, namespace: str | None) -> Tool:
    return Tool(
        name=text(offered.get("name") or offered.get("type")),
        schema=an_object(offered.get("parameters")),
        is_freeform=offered.get("type") == "custom",
        namespace=namespace,
    )


def whole(answer: Answer) -> dict[str, object]:
    """Write an answer as one completed `response`."""
    return _response(answer, "completed", _items(answer)) | {"usage": USAGE}


def events(answer: Answer) -> Iterator[ServerEvent]:
    """Write an answer as its events, numbered, from `response.created` to `.completed`."""
    for number, event in enumerate(_unnumbered(answer)):
        payload = {"type": event.name, "sequence_number": number, **an_object(event.payload)}
        yield ServerEvent(name=event.name, payload=payload, is_word=event.is_word)


def _unnumbered(answer: Answer) -> Iterator[ServerEvent]:
    begun = _response(answer, "in_progress", [])
    yield _event("response.created", {"response": begun})
    yield _event("response.in_progress", {"response": begun})
    for index, item in enumerate(_items(answer)):
        where: Item = {"item_id": item["id"], "output_index": index}
        place: Item = {"output_index": index}
        yield _event("response.output_item.added", place | {"item": _empty(item)})
        yield from _content(item, where)
        yield _event("response.output_item.done", place | {"item": item})
    yield _event("response.completed", {"response": whole(answer)})


def _content(item: Item, where: Item) -> Iterator[ServerEvent]:
    if item["type"] == "message":
        yield from _words(objects(item["content"])[0], where | {"content_index": 0})
        return
    event, key = ARGUMENT_EVENTS[str(item["type"])]
    for piece in pieces(str(item[key])):
        yield _event(f"{event}.delta", where | {"delta": piece})
    yield _event(f"{event}.done", where | {key: item[key]})


ARGUMENT_EVENTS = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}


def _words(part: Item, where: Item) -> Iterator[ServerEvent]:
    yield _event("response.content_part.added", where | {"part": part | {"text": ""}})
    for word in words(str(part["text"])):
        delta = where | {"delta": word, "logprobs": []}
        yield _event("response.output_text.delta", delta, is_word=True)
    yield _event("response.output_text.done", where | {"text": part["text"], "logprobs": []})
    yield _event("response.content_part.done", where | {"part": part})


def _event(name: str, payload: Item, *, is_word: bool = False) -> ServerEvent:
    return ServerEvent(name=name, payload=payload, is_word=is_word)


def _items(answer: Answer) -> list[Item]:
    message = [_message(answer)] if answer.text else []
    return message + [_call(call) for call in answer.calls]


def _message(answer: Answer) -> Item:
    part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": f"msg_{answer.id}",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _call(call: ToolCall) -> Item:
    about: Item = {"call_id": f"call_{call.id}", "name": call.tool.name, "status": "completed"}
    if call.tool.namespace:
        about["namespace"] = call.tool.namespace
    if call.tool.is_freeform:
        kind: Item = {"type": "custom_tool_call", "id": f"ctc_{call.id}"}
        return kind | about | {"input": call.arguments_text}
    kind = {"type": "function_call", "id": f"fc_{call.id}"}
    return kind | about | {"arguments": call.arguments_text}


def _empty(item: Item) -> Item:
    """Return an item as it is announced: nothing in it yet."""
    if item["type"] == "message":
        return item | {"status": "in_progress", "content": []}
    _, key = ARGUMENT_EVENTS[str(item["type"])]
    return item | {"status": "in_progress", key: ""}


def _response(answer: Answer, status: str, output: list[Item]) -> dict[str, object]:
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": answer.created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": answer.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1,
        "usage": None,
    }


RESPONSES = Dialect(
    name="responses",
    path="/v1/responses",
    read=read,
    whole=whole,
    events=events,
    error=openai_error,
    reset_header="x-ratelimit-reset-requests",
    reset_is_moment=False,
)
