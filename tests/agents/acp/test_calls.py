"""How much is kept of the tool calls that an agent tells of."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from deputize.agents.acp.calls import KEPT_CHARACTERS, MOST_CALLS, Call, Calls, add_piece, end
from deputize.agents.acp.permission import action_in

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGE = KEPT_CHARACTERS // 4
"""So many characters of each of twenty calls are more than all of them together may keep."""


def told(**update: object) -> Call:
    """Return a call of which this was told."""
    return another(Calls(), **update)


def another(calls: Calls, **update: object) -> Call:
    """Return one more call, of which this was told."""
    call = calls.begin(str(update), "shell")
    calls.add(call, update)
    return call


def grown(*updates: Mapping[str, object]) -> int:
    """Return how many bytes are held of many calls, of each of which all of this was told."""
    calls = Calls()
    tracemalloc.start()
    for number in range(20):
        call = calls.begin(str(number), "shell")
        for update in updates:
            # Made anew, as what comes from an agent is: no two calls share it.
            calls.add(call, {key: _anew(value) for key, value in update.items()})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def _anew(value: object) -> object:
    if isinstance(value, str):
        return "".join(value)[:-1] + "x"
    if isinstance(value, dict):
        return {key: _anew(each) for key, each in value.items()}
    return [_anew(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "update",
    [
        {"title": "x" * LARGE},
        {"rawOutput": "x" * LARGE},
        {"rawInput": {"content": "x" * LARGE}},
        {"rawInput": {"command": "x" * LARGE}},
        {"rawInput": {"command": ["x" * 1000] * (LARGE // 1000)}},
        {"locations": [{"path": "x" * LARGE}]},
        {"content": [{"type": "content", "content": {"text": "x" * LARGE}}]},
        {"content": [{"type": "diff", "path": "/a", "oldText": "x" * LARGE}]},
        {"content": [{"type": "terminal", "terminalId": "x" * LARGE}]},
        {"unheard_of": "x" * LARGE},
    ],
    ids=[
        *("title", "output", "argument", "command", "words", "place"),
        *("text", "diff", "terminal", "unknown"),
    ],
)
def test_what_is_long_is_not_kept(update: Mapping[str, object]) -> None:
    """However an agent says it."""
    assert grown(update) < 2 * KEPT_CHARACTERS


def test_only_so_many_calls_are_remembered() -> None:
    """The oldest go first, with whether they were refused; that one was is remembered for ever."""
    calls = Calls()
    for number in range(MOST_CALLS + 1):
        calls.begin(str(number), "shell")
        calls.refuse(str(number))
    assert calls.get("0") is None
    assert calls.get("1") is not None
    assert [calls.was_refused(name) for name in ("0", "1")] == [False, True]
    assert calls.has_refused


def test_what_the_gate_looks_at_is_kept() -> None:
    """A request for permission that says nothing itself is judged by what was told before."""
    call = told(
        kind="execute",
        rawInput={"command": "make", "content": "x"},
        locations=[{"path": "/a"}],
        content=[{"type": "diff", "path": "/b", "newText": "x"}],
    )
    action = action_in({"toolCallId": "1"}, call.told, call.name)
    assert (action.command, action.paths) == ("make", ("/a", "/b"))
    assert '"content": "x"' in action.arguments
    assert not call.is_cut


def test_places_that_were_told_once_stay() -> None:
    """A later update that names others doesn't hide them from the gate."""
    calls = Calls()
    call = another(calls, locations=[{"path": "/etc/a"}])
    calls.add(call, {"locations": [{"path": "b"}]})
    assert action_in({}, call.told, "edit").paths == ("/etc/a", "b")


@pytest.mark.parametrize(
    "update",
    [
        {"rawInput": {"command": "x" * (KEPT_CHARACTERS + 1)}},
        {"rawInput": {"paths": [""] * (KEPT_CHARACTERS + 1)}},
        {"locations": [{"path": f"{n:01000}"} for n in range(KEPT_CHARACTERS // 1000)]},
    ],
    ids=["command", "arguments", "places"],
)
def test_a_call_of_which_not_all_is_kept_says_so(update: Mapping[str, object]) -> None:
    """Nobody judges it by half of what it does."""
    assert told(**update).is_cut


def test_a_call_that_has_ended_makes_room_for_others() -> None:
    """What all open ones hold has an end; each of them alone may hold much."""
    calls = Calls()
    first, second = (another(calls, rawInput={name: "x" * 3 * LARGE}) for name in "ab")
    assert (first.is_cut, second.is_cut) == (False, True)
    end(first)
    assert not another(calls, rawInput={"c": "x" * 3 * LARGE}).is_cut


def test_of_a_call_that_has_ended_nothing_is_kept() -> None:
    """What comes afterwards is passed over, and can't be what it is judged by."""
    calls = Calls()
    call = another(calls, rawInput={"command": "make"})
    end(call)
    calls.add(call, {"rawInput": {"command": "true"}})
    add_piece(call, {"content": {"text": "x"}})
    assert (call.told, call.ended, call.is_cut) == ({}, True, True)


def test_the_beginning_of_what_it_gives_back_is_kept_in_order() -> None:
    """Whether that came in pieces or at once."""
    pieces = [{"content": {"text": text}} for text in ("one", "two")]
    whole, parts = told(content=pieces), told()
    for piece in pieces:
        add_piece(parts, piece)
    assert whole.told["content"] == parts.told["content"]
    assert str(whole.told["content"]).index("one") < str(whole.told["content"]).index("two")
