"""Which turn is played next follows from the conversation alone, however agents wrap it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from tests.demo.wires import CHAT, MESSAGES, RESPONSES, WIRES, Wire, ask

if TYPE_CHECKING:
    from collections.abc import Iterator


def _step(name: str) -> RunShell:
    return RunShell(command=name)


SCRIPT = Script(
    scenes=(
        Scene(
            name="apple",
            contains="the apple",
            turns=(
                Turn(steps=(_step("a1"), _step("a2"))),
                Turn(steps=(_step("a3"),)),
                Turn(say="Apple done."),
            ),
        ),
        Scene(name="pear", contains="the pear", turns=(Turn(steps=(_step("p1"),)),)),
        Scene(name="rest", turns=(Turn(steps=(_step("r1"),)), Turn(say="Rest done."))),
    )
)
each_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    """Give a model with two fruits and a rest."""
    with ScriptedModel(SCRIPT) as model:
        yield model


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("take the apple",), ["a1", "a2"]),
        (("take the apple", 1), ["a2"]),
        (("take the apple", 2), ["a3"]),
        (("take the apple", 2, 1), "Apple done."),
        (("take the apple", 2, 1, "and the pear"), ["p1"]),
        (("the pear", 1), "Done."),
        (("the apple", 2, "continue", 1), "Apple done."),
        (("the apple", 2, "again: the apple"), ["a1", "a2"]),
        (("the apple or the pear",), ["a1", "a2"]),
        (("something else",), ["r1"]),
        (("something else", 1), "Rest done."),
        (("something else", 1, "and more"), ["r1"]),
    ],
)
@each_wire
def test_the_next_turn_is_read_off_the_conversation(
    model: ScriptedModel, wire: Wire, said: tuple[str | int, ...], expected: list[str] | str
) -> None:
    """Tool results since the newest prompt with a scene say how far that scene has come."""
    heard = ask(model, wire, *said)
    commands = [arguments["command"] for _, arguments in heard.calls]
    assert (commands or heard.text) == expected


@pytest.mark.parametrize(
    "wrapped",
    [
        "<current_datetime>2026-01-01</current_datetime>\n\ntake the apple",
        "take the apple\n<turn-context>\n<current-time>now</current-time>\n</turn-context>",
        "<system-reminder>a</system-reminder>\n<system-reminder>b</system-reminder>take the apple",
    ],
)
@each_wire
def test_wrappers_are_taken_off(model: ScriptedModel, wire: Wire, wrapped: str) -> None:
    """What an agent puts around the prompt is not part of it."""
    ask(model, wire, wrapped)
    assert model.requests[-1].prompt == "take the apple"


@each_wire
def test_messages_of_wrappers_only_are_no_prompts(model: ScriptedModel, wire: Wire) -> None:
    """A reminder in the user's name neither starts a scene anew nor hides the prompt."""
    reminder = "<system-reminder>mind the gap</system-reminder>"
    heard = ask(model, wire, "something else", 1, reminder)
    assert heard.text == "Rest done."
    assert model.requests[-1].prompt == "something else"


def test_a_prompt_of_wrappers_without_end_is_answered(model: ScriptedModel) -> None:
    """A megabyte of wrappers in each other keeps nobody busy."""
    heard = ask(model, CHAT, "<turn-context></turn-context>" * 40_000 + "the pear")
    assert heard.calls[0][1]["command"] == "p1"


def test_merged_prompts_are_taken_apart(model: ScriptedModel) -> None:
    """The last text block counts: Claude puts a prompt that got no answer before the next one."""
    blocks = [{"type": "text", "text": "take the apple"}, {"type": "text", "text": "the pear"}]
    body = MESSAGES.request([], offers_tools=True)
    body["messages"] = [{"role": "user", "content": blocks}]
    answer = httpx.post(model.base_url + MESSAGES.path, json=body, trust_env=False).json()
    assert MESSAGES.whole(answer).calls[0][1]["command"] == "p1"


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (CHAT, {"messages": [{"role": "user", "content": "the pear"}]}),
        (RESPONSES, {"input": "the pear"}),
        (RESPONSES, {"input": [{"role": "user", "content": "the pear"}]}),
        (MESSAGES, {"messages": [{"role": "user", "content": "the pear"}]}),
        (
            MESSAGES,
            {
                "system": [{"type": "text", "text": "x"}],
                "messages": [
                    {"role": "system", "content": "x"},
                    {"role": "user", "content": "the pear"},
                ],
            },
        ),
    ],
)
def test_short_forms_are_understood(model: ScriptedModel, wire: Wire, body: dict[str, Any]) -> None:
    """A prompt may be a plain text where the dialect allows it."""
    body = wire.request([], offers_tools=True) | body
    answer = httpx.post(model.base_url + wire.path, json=body, trust_env=False).json()
    assert wire.whole(answer).calls[0][1]["command"] == "p1"
    assert model.requests[-1].prompt == "the pear"


def test_a_prompt_without_a_scene_gets_an_answer() -> None:
    """A script without a default scene still answers."""
    with ScriptedModel(Script(scenes=())) as model:
        assert ask(model, CHAT, "hello").text == "Done."
