"""Gemini's generateContent, whole and streamed, as its API reference documents both."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
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
    words,
)
from deputize.demo.model.conversation import Conversation, Tool, Transcript
from deputize.demo.model.shapes import an_object, objects, required_list, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODELS = "/v1beta/models/"
"""Below it, a request's path has the model's name, a colon, and the name of the method."""
USAGE: dict[str, object] = {
    "promptTokenCount": INPUT_TOKENS,
    "cachedContentTokenCount": CACHED_TOKENS,
    "candidatesTokenCount": OUTPUT_TOKENS - REASONING_TOKENS,
    "thoughtsTokenCount": REASONING_TOKENS,
    "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
}
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}


def read(body: Mapping[str, object], *, is_streaming: bool) -> Conversation:
    """Read a request; raises `InvalidInput` where it has no contents."""
    transcript = Transcript()
    for part in objects(an_object(body.get("systemInstruction")).get("parts")):
        transcript.add_system(text(part.get("text")))
    for content in required_list(body, "contents"):
        if content.get("role") != "model":
            _read_parts(objects(content.get("parts")), transcript)
    declared = [objects(each.get("functionDeclarations")) for each in objects(body.get("tools"))]
    return Conversation(
        model="",  # it stands in the path
        system="\n".join(transcript.system),
        turns=transcript.turns(),
        tools=tuple(_tool(each) for several in declared for each in several),
        workspace=transcript.workspace(),
        is_streaming=is_streaming,
    )


def _read_parts(parts: list[dict[str, object]], transcript: Transcript) -> None:
    answered = [an_object(part.get("functionResponse")).get("id") for part in parts]
    # A session that was resumed has each result twice.
    for _ in {each for each in answered if isinstance(each, str)}:
        transcript.add_result()
    for part in parts:
        if words_of_part := text(part.get("text")):
            transcript.add_user(words_of_part)


def _tool(declared: Mapping[str, object]) -> Tool:
    schema = declared.get("parametersJsonSchema") or declared.get("parameters")
    return Tool(name=text(declared.get("name")), schema=an_object(schema))


def whole(answer: Answer) -> dict[str, object]:
    """Write an answer as one `GenerateContentResponse`."""
    said: list[dict[str, object]] = [{"text": answer.text}] if answer.text else []
    return _response(answer, [*said, *map(_call, answer.calls)], is_last=True)


def events(answer: Answer) -> Iterator[ServerEvent]:
    """Write an answer as a stream of such responses, of which the last one has the usage."""
    for word in words(answer.text):
        yield ServerEvent(payload=_response(answer, [{"text": word}]), is_word=True)
    calls = [_call(call) for call in answer.calls]
    yield ServerEvent(payload=_response(answer, calls, is_last=True))


def _response(
    answer: Answer, parts: list[dict[str, object]], *, is_last: bool = False
) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"role": "model", "parts": parts}, "index": 0}
    end = {"usageMetadata": USAGE} if is_last else {}
    if is_last:
        candidate["finishReason"] = "STOP"
    head = {"responseId": answer.id, "modelVersion": answer.model}
    return {"candidates": [candidate], **head, **end}


def _call(call: ToolCall) -> dict[str, object]:
    named = {"id": f"call_{call.id}", "name": call.tool.name, "args": call.arguments}
    return {"functionCall": named}


def error(status: int, message: str) -> dict[str, object]:
    """Write an error."""
    general = "INTERNAL" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "FAILED_PRECONDITION"
    word = STATUSES.get(status, general)
    return {"error": {"code": status, "message": message, "status": word}}


CONTENTS, STREAMED_CONTENTS = (
    Dialect(
        name="contents",
        path=f":{method}",
        read=partial(read, is_streaming=is_streaming),
        whole=whole,
        events=events,
        error=error,
        reset_header="x-ratelimit-reset-requests",
        reset_is_moment=False,
    )
    for method, is_streaming in (("generateContent", False), ("streamGenerateContent", True))
)
