"""The scripted model speaks its three dialects as their references document them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deputize.demo.model import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
)
from tests.demo.wires import CHAT, MESSAGES, RESPONSES, WIRES, Heard, Wire, ask, events_of, post

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Script(
    scenes=(
        Scene(
            name="work",
            contains="work",
            turns=(
                Turn(say="Two at once.", steps=(RunShell(command="a"), RunShell(command="b"))),
                Turn(say="All  done,\nas asked."),
            ),
        ),
        Scene(name="talk", turns=(Turn(say="Just words."),)),
    )
)
USAGE: dict[str, dict[str, Any]] = {
    "chat": {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": OUTPUT_TOKENS,
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
        "completion_tokens_details": {"reasoning_tokens": REASONING_TOKENS},
    },
    "responses": {
        "input_tokens": INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
        "output_tokens": OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": REASONING_TOKENS},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
    },
    "messages": {
        "input_tokens": INPUT_TOKENS - CACHED_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": CACHED_TOKENS,
        "output_tokens_details": {"thinking_tokens": REASONING_TOKENS},
        "output_tokens": OUTPUT_TOKENS,
    },
}
FINISH_WITH_CALLS = {"chat": "tool_calls", "responses": "completed", "messages": "tool_use"}
FINISH_WITH_TEXT = {"chat": "stop", "responses": "completed", "messages": "end_turn"}

each_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
each_way = pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    """Give a model that works when asked to work, and talks otherwise."""
    with ScriptedModel(SCRIPT) as model:
        yield model


@each_way
@each_wire
def test_text_arrives_with_its_usage(
    model: ScriptedModel, wire: Wire, *, is_streaming: bool
) -> None:
    """A final text keeps its white space, and the known token counts come with it."""
    heard = ask(model, wire, "work", 2, is_streaming=is_streaming)
    assert heard == Heard(
        text="All  done,\nas asked.",
        calls=[],
        usage=USAGE[wire.name],
        finish=FINISH_WITH_TEXT[wire.name],
    )


@each_way
@each_wire
def test_tool_calls_arrive_with_the_words_before_them(
    model: ScriptedModel, wire: Wire, *, is_streaming: bool
) -> None:
    """Several tool calls of one turn arrive in order, with all arguments that are required."""
    heard = ask(model, wire, "work", is_streaming=is_streaming)
    assert heard.text == "Two at once."
    assert heard.calls == [
        ("bash", {"command": "a", "description": "scripted"}),
        ("bash", {"command": "b", "description": "scripted"}),
    ]
    assert heard.finish == FINISH_WITH_CALLS[wire.name]
    assert heard.usage == USAGE[wire.name]


@each_way
@each_wire
def test_requests_without_tools_get_plain_text(
    model: ScriptedModel, wire: Wire, *, is_streaming: bool
) -> None:
    """A side call, such as for a title, gets some text and is no turn of the scene."""
    heard = ask(model, wire, "work", is_streaming=is_streaming, offers_tools=False)
    assert heard.text
    assert heard.calls == []
    assert model.requests[-1].scene is None
    assert model.requests[-1].turn is None


@each_wire
def test_answers_have_unique_ids(model: ScriptedModel, wire: Wire) -> None:
    """No two answers have the same id: clients keep them by it."""
    first, second = post(model, wire, "talk").json(), post(model, wire, "talk").json()
    assert first["id"] != second["id"]
    assert first["model"] == "m"


def test_chat_streams_usage_only_where_asked(model: ScriptedModel) -> None:
    """Without `stream_options.include_usage` no chunk mentions usage."""
    body = CHAT.request(["talk"], offers_tools=True) | {"stream": True, "stream_options": {}}
    response = httpx.post(model.base_url + CHAT.path, json=body, trust_env=False)
    assert "usage" not in response.text
    assert response.text.endswith("data: [DONE]\n\n")


def test_chat_gives_null_for_no_content(model: ScriptedModel) -> None:
    """A completion that only calls tools has the content null, as the reference says."""
    quiet = Script(scenes=(Scene(name="q", turns=(Turn(steps=(RunShell(command="a"),)),)),))
    with ScriptedModel(quiet) as other:
        message = post(other, CHAT, "go").json()["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["id"].startswith("call_")
    assert ask(model, CHAT, "talk").text == "Just words."


def test_responses_stream_documents_each_item(model: ScriptedModel) -> None:
    """Each item is added, filled, and done, in this order, and the last event has them all."""
    response = post(model, RESPONSES, "work", is_streaming=True)
    names = [name for name, _ in events_of(response.text)]
    call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ]
    assert list(dict.fromkeys(names[2:8])) == [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
    ]
    assert names[9] == "response.output_item.done"
    assert list(dict.fromkeys(names[10:15])) == call
    assert names[-1] == "response.completed"


def test_messages_stream_counts_output_from_one(model: ScriptedModel) -> None:
    """The first event has the input's usage, the last delta the output's."""
    events = events_of(post(model, MESSAGES, "talk", is_streaming=True).text)
    start, end = events[0][1]["message"], events[-2][1]
    assert start["usage"] == USAGE["messages"] | {"output_tokens": 1}
    assert (start["content"], start["stop_reason"]) == ([], None)
    assert end["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


def test_tokens_are_counted(model: ScriptedModel) -> None:
    """The count of tokens is the known one, and is no turn."""
    body = MESSAGES.request(["work"], offers_tools=True)
    response = httpx.post(f"{model.base_url}/v1/messages/count_tokens", json=body, trust_env=False)
    assert response.json() == {"input_tokens": INPUT_TOKENS}
    assert model.requests[-1].turn is None


def test_models_are_listed(model: ScriptedModel) -> None:
    """The list of models has one, in the form of either vendor; any name can be looked up."""
    listed = httpx.get(f"{model.openai_url}/models", trust_env=False).json()
    one = httpx.get(f"{model.openai_url}/models/any-name", trust_env=False).json()
    assert [item["id"] for item in listed["data"]] == ["scripted-model"]
    assert listed["object"] == "list"
    assert (one["id"], one["object"], one["type"]) == ("any-name", "model", "model")


def test_the_root_answers(model: ScriptedModel) -> None:
    """Programs that look whether anybody is there, by HEAD or GET, are told so."""
    assert httpx.get(f"{model.base_url}/", trust_env=False).status_code == 200
    head = httpx.head(f"{model.base_url}/", trust_env=False)
    assert (head.status_code, head.content) == (200, b"")
