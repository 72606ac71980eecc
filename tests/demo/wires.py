"""A small client of the three dialects: builds requests, reads answers whole or streamed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deputize.demo.model import ScriptedModel

Body = dict[str, Any]
Events = list[tuple[str | None, Any]]

SHELL_SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "description": {"type": "string"}},
    "required": ["command", "description"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a client understood of an answer."""

    text: str
    calls: list[tuple[str, Body]]
    usage: Body
    finish: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One dialect, seen from the client."""

    name: str
    path: str
    request: Callable[..., Body]
    whole: Callable[[Body], Heard]
    streamed: Callable[[Events], Heard]


def chat_request(said: Sequence[str | int], *, offers_tools: bool) -> Body:
    """Build a request in which a text is the user's, and a number that many tool results."""
    messages: list[Body] = [{"role": "system", "content": "You are a coding agent."}]
    for item in said:
        if isinstance(item, str):
            messages.append({"role": "user", "content": item})
        else:
            calls = [
                {"id": f"c{index}", "type": "function", "function": {"name": "b", "arguments": ""}}
                for index in range(item)
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            messages += [
                {"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in calls
            ]
    body: Body = {"model": "m", "messages": messages, "stream_options": {"include_usage": True}}
    function = {"name": "bash", "parameters": SHELL_SCHEMA}
    return body | ({"tools": [{"type": "function", "function": function}]} if offers_tools else {})


def chat_whole(body: Body) -> Heard:
    """Read a completion."""
    choice = body["choices"][0]
    calls = [
        (call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in choice["message"].get("tool_calls", [])
    ]
    text = choice["message"]["content"] or ""
    return Heard(text=text, calls=calls, usage=body["usage"], finish=choice["finish_reason"])


def chat_streamed(events: Events) -> Heard:
    """Put a completion together from its chunks."""
    assert events[-1] == (None, "[DONE]")
    chunks = [payload for _, payload in events[:-1]]
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    for delta in (item for choice in choices for item in choice["delta"].get("tool_calls", [])):
        names.setdefault(delta["index"], delta["function"].get("name"))
        arguments[delta["index"]] = (
            arguments.get(delta["index"], "") + delta["function"]["arguments"]
        )
    return Heard(
        text="".join(choice["delta"].get("content", "") for choice in choices),
        calls=[(name, json.loads(arguments[index])) for index, name in names.items()],
        usage=chunks[-1]["usage"],
        finish=choices[-1]["finish_reason"],
    )


def responses_request(said: Sequence[str | int], *, offers_tools: bool) -> Body:
    """Build a request as `chat_request` does."""
    items: list[Body] = []
    for item in said:
        if isinstance(item, str):
            content = [{"type": "input_text", "text": item}]
            items.append({"type": "message", "role": "user", "content": content})
        else:
            items += [
                {"type": "function_call_output", "call_id": f"c{index}", "output": "ok"}
                for index in range(item)
            ]
    tool = {"type": "function", "name": "bash", "parameters": SHELL_SCHEMA}
    body: Body = {"model": "m", "instructions": "You are a coding agent.", "input": items}
    return body | ({"tools": [tool]} if offers_tools else {})


def responses_whole(body: Body) -> Heard:
    """Read a response."""
    items = body["output"]
    texts = [part["text"] for i in items if i["type"] == "message" for part in i["content"]]
    calls = [
        (item["name"], json.loads(item["arguments"]))
        for item in items
        if item["type"] == "function_call"
    ]
    return Heard(text="".join(texts), calls=calls, usage=body["usage"], finish=body["status"])


def responses_streamed(events: Events) -> Heard:
    """Put a response together from its deltas, and see that it ends with the same."""
    kinds = [name for name, _ in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert [payload["sequence_number"] for _, payload in events] == list(range(len(events)))
    assert all(name == payload["type"] for name, payload in events)
    end = responses_whole(events[-1][1]["response"])
    text = "".join(p["delta"] for name, p in events if name == "response.output_text.delta")
    pieces = [p for name, p in events if name == "response.function_call_arguments.delta"]
    joined: dict[int, str] = {}
    for piece in pieces:
        joined[piece["output_index"]] = joined.get(piece["output_index"], "") + piece["delta"]
    assert [json.loads(arguments) for arguments in joined.values()] == [a for _, a in end.calls]
    return Heard(text=text, calls=end.calls, usage=end.usage, finish=end.finish)


def messages_request(said: Sequence[str | int], *, offers_tools: bool) -> Body:
    """Build a request as `chat_request` does."""
    messages: list[Body] = []
    for item in said:
        if isinstance(item, str):
            block: list[Body] = [{"type": "text", "text": item}]
        else:
            block = [
                {"type": "tool_result", "tool_use_id": f"c{index}", "content": "ok"}
                for index in range(item)
            ]
        messages.append({"role": "user", "content": block})
    body: Body = {"model": "m", "max_tokens": 99, "system": "You code.", "messages": messages}
    tool = {"name": "bash", "input_schema": SHELL_SCHEMA}
    return body | ({"tools": [tool]} if offers_tools else {})


def messages_whole(body: Body) -> Heard:
    """Read a message."""
    blocks = body["content"]
    return Heard(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        calls=[(b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"],
        usage=body["usage"],
        finish=body["stop_reason"],
    )


def messages_streamed(events: Events) -> Heard:
    """Put a message together from its events."""
    assert events[0][0] == "message_start"
    assert events[-1][0] == "message_stop"
    assert all(name == payload["type"] for name, payload in events)
    blocks: dict[int, Body] = {}
    for name, payload in events:
        if name == "content_block_start":
            blocks[payload["index"]] = payload["content_block"] | {"json": ""}
        elif name == "content_block_delta":
            _add_delta(blocks[payload["index"]], payload["delta"])
    for block in blocks.values():
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["json"])
    ending = events[-2][1]
    body = {"content": list(blocks.values()), "usage": ending["usage"]} | ending["delta"]
    return messages_whole(body)


def _add_delta(block: Body, delta: Body) -> None:
    if delta["type"] == "text_delta":
        block["text"] += delta["text"]
    else:
        block["json"] += delta["partial_json"]


WIRES = (
    Wire(
        name="chat",
        path="/v1/chat/completions",
        request=chat_request,
        whole=chat_whole,
        streamed=chat_streamed,
    ),
    Wire(
        name="responses",
        path="/v1/responses",
        request=responses_request,
        whole=responses_whole,
        streamed=responses_streamed,
    ),
    Wire(
        name="messages",
        path="/v1/messages",
        request=messages_request,
        whole=messages_whole,
        streamed=messages_streamed,
    ),
)
CHAT, RESPONSES, MESSAGES = WIRES


def post(
    model: ScriptedModel,
    wire: Wire,
    *said: str | int,
    is_streaming: bool = False,
    offers_tools: bool = True,
) -> httpx.Response:
    """Send what was said so far and return the raw answer."""
    body = wire.request(said, offers_tools=offers_tools) | {"stream": is_streaming}
    return httpx.post(model.base_url + wire.path, json=body, trust_env=False, timeout=20)


def ask(
    model: ScriptedModel,
    wire: Wire,
    *said: str | int,
    is_streaming: bool = False,
    offers_tools: bool = True,
) -> Heard:
    """Send what was said so far and return what the answer means."""
    response = post(model, wire, *said, is_streaming=is_streaming, offers_tools=offers_tools)
    assert response.status_code == 200, response.text
    if is_streaming:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["transfer-encoding"] == "chunked"
        return wire.streamed(events_of(response.text))
    return wire.whole(response.json())


def events_of(text: str) -> Events:
    """Read server-sent events: their names, and their data as JSON where it is."""
    events: Events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        payload = lines["data"] if lines["data"] == "[DONE]" else json.loads(lines["data"])
        events.append((lines.get("event"), payload))
    return events
