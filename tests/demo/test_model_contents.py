"""The scripted model speaks Gemini's dialect as its reference documents it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from deputize.demo.model import ErrorReply, Scene, Script, ScriptedModel, Turn, WriteFile

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Script(
    scenes=(
        Scene(
            name="write",
            contains="write it",
            turns=(
                Turn(say="At once.", steps=(WriteFile(path="a.txt", content="one"),)),
                Turn(say="It is written."),
            ),
        ),
        Scene(
            name="limited",
            contains="be limited",
            turns=(Turn(fault=ErrorReply(status=429, message="Slow down.")),),
        ),
    )
)
TOOLS = [
    {"functionDeclarations": [
        {"name": "write_file", "parametersJsonSchema": {
            "type": "object",
            "properties": {"file_path": {"type": "string"}, "content": {"type": "string"}},
            "required": ["file_path", "content"],
        }}
    ]}
]  # fmt: skip
PATH = "/v1beta/models/any-model"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Give a model that plays the script."""
    with ScriptedModel(SCRIPT) as playing:
        yield playing


def user(*parts: object) -> dict[str, object]:
    """Return what a user, or a tool, says."""
    return {"role": "user", "parts": list(parts)}


def asked(model: ScriptedModel, method: str, *contents: object) -> httpx.Response:
    """Ask the model."""
    body = {"contents": contents, "tools": TOOLS, "systemInstruction": {"parts": [{"text": "Hi."}]}}
    headers = {"x-goog-api-key": "dummy"}
    url = f"{model.base_url}{PATH}:{method}"
    return httpx.post(url, json=body, headers=headers, trust_env=False)


PROMPT = user(
    {"text": "<session_context>\n- **Workspace Directories:**\n  - /tmp\n</session_context>"},
    {"text": "Please write it."},
)


def test_an_answer_has_words_calls_and_usage(model: ScriptedModel) -> None:
    """As one response."""
    answer = asked(model, "generateContent", PROMPT).json()
    (candidate,) = answer["candidates"]
    said, call = candidate["content"]["parts"]
    assert said == {"text": "At once."}
    assert call["functionCall"]["name"] == "write_file"
    assert call["functionCall"]["args"]["content"] == "one"
    assert candidate["finishReason"] == "STOP"
    assert answer["usageMetadata"]["totalTokenCount"] == 1290
    assert (model.requests[-1].prompt, model.requests[-1].dialect) == (
        "Please write it.",
        "contents",
    )


def test_a_streamed_answer_says_the_same(model: ScriptedModel) -> None:
    """Word by word, with the call and the usage at the end."""
    text = asked(model, "streamGenerateContent?alt=sse", PROMPT).text
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line]
    parts = [part for each in events for part in each["candidates"][0]["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == "At once."
    assert [part["functionCall"]["name"] for part in parts if "functionCall" in part] == [
        "write_file"
    ]
    assert [("usageMetadata" in each) for each in events] == [False] * (len(events) - 1) + [True]


def test_a_result_leads_on_however_often_it_is_told(model: ScriptedModel) -> None:
    """A resumed session has each twice."""
    result = {"functionResponse": {"name": "write_file", "id": "call_1", "response": {}}}
    called = {"role": "model", "parts": [{"functionCall": {"name": "write_file", "id": "call_1"}}]}
    answer = asked(model, "generateContent", PROMPT, called, user(result, result)).json()
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "It is written."}]


def test_errors_have_the_form_of_the_dialect(model: ScriptedModel) -> None:
    """What is scripted, and what is no request or no method of it."""
    limited = asked(model, "generateContent", user({"text": "be limited"}))
    told = {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}
    assert (limited.status_code, limited.json()) == (429, {"error": told})
    bad = httpx.post(f"{model.base_url}{PATH}:generateContent", json={}, trust_env=False)
    assert (bad.status_code, bad.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert asked(model, "other").status_code == 404
