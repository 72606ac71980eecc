"""What a description reads in the values that a program writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deputize.agents.base import SessionStarted, Used
from deputize.agents.command.reading import Reader, values_at
from deputize.model.agent import Reading
from deputize.model.attempt import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEP = 2000


def read(rules: Iterable[Reading], *values: object) -> tuple[Reader, list[Any]]:
    """Read values one after another and return what was told."""
    reader = Reader(tuple(rules), "asked")
    return reader, [each for value in values for each in reader.take(value)]


def usages(told: list[Any]) -> list[Usage]:
    """Return the usages among what was told."""
    return [each.usage for each in told if isinstance(each, Used)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [{"c": 1}, {"c": 2}, 3]}]),
        ("a.b.*.c", [1, 2]),
        ("a.b.1.c", [2]),
        ("a.b.9.c", []),
        ("a.b.c", []),
        ("*.b.*", [{"c": 1}, {"c": 2}, 3]),
        ("a.b.2.c", []),
        ("x", []),
    ],
)
def test_a_path_leads_to_what_is_there(path: str, found: list[object]) -> None:
    """Names, positions, and each; where it leads nowhere nothing is found."""
    assert values_at({"a": {"b": [{"c": 1}, {"c": 2}, 3]}}, path) == found


def test_a_value_that_is_nested_deep_is_walked_without_recursion() -> None:
    """However deep: a path has an end."""
    value: object = 1
    for _ in range(DEEP):
        value = {"a": value}
    assert values_at(value, ".".join("a" * DEEP)) == [1]


def test_rules_hold_where_a_text_stands_and_another_does_not() -> None:
    """Values of other kinds are passed over."""
    rule = Reading(where={"type": "text", "a.b": "c"}, unless={"x": "y"}, answer="say")
    told = [
        {"type": "text", "a": {"b": "c"}, "say": "one"},
        {"type": "text", "a": {"b": "d"}, "say": "two"},
        {"type": "text", "say": "three"},
        {"type": ["text"], "a": {"b": "c"}, "say": "four"},
        {"type": "text", "a": {"b": "c"}, "x": "y", "say": "five"},
    ]
    assert read([rule], *told)[1] == ["one"]


def test_the_last_answer_counts_and_pieces_are_put_together() -> None:
    """Pieces belong together as long as nothing else comes between them."""
    whole, piece = Reading(answer="whole"), Reading(answer="piece", pieces=True)
    reader, told = read([whole, piece], {"whole": "a"}, {"piece": "b"}, {"piece": "c"})
    assert (reader.answer, told) == ("bc", ["a", "b", "c"])
    reader, _ = read([whole, piece], {"piece": "b"}, {"tool": 1}, {"piece": "c"})
    assert reader.answer == "c"


def test_an_error_that_an_answer_came_after_is_over() -> None:
    """It was got over; one beside an answer, or after it, stands."""
    rules = [Reading(answer="say"), Reading(error="wrong")]
    assert read(rules, {"wrong": "x"}, {"say": "y"})[0].error is None
    assert read(rules, {"say": "y", "wrong": "x"})[0].error == "x"
    assert read(rules, {"say": "y"}, {"wrong": " x\n"})[0].error == "x"
    assert read(rules, {"wrong": {"a": 1}}, {"wrong": ""})[0].error is None


def test_a_session_is_told_once_and_must_be_a_name() -> None:
    """Each line has it; what would be an option is none."""
    rule = Reading(session="id")
    _, told = read([rule], {"id": "s-1"}, {"id": "s-1"}, {"id": "--yes"}, {"id": 7})
    assert told == [SessionStarted(token="s-1")]


COUNTED = Reading(
    model="model",
    input_tokens=("in", "cache.read", "cache.write"),
    output_tokens=("calls.*.out",),
    cached_tokens=("cache.read",),
    reasoning_tokens=("why",),
    cost_usd=("cost", "more"),
)


def test_counts_are_sums_of_all_that_is_found() -> None:
    """At several paths, and at each place of one; the model is the one that is told."""
    value = {
        "model": "big", "in": 1, "cache": {"read": 20, "write": 300}, "why": 4,
        "calls": [{"out": 5}, {"out": 6}, {}, 7], "cost": 0.25, "more": 1,
    }  # fmt: skip
    _, told = read([COUNTED], value)
    usage = Usage(
        input_tokens=321, output_tokens=11, cached_tokens=20, reasoning_tokens=4, cost_usd="1.25"
    )
    assert told == [Used(usage=usage, model="big")]


def test_what_stands_at_a_path_with_a_minus_is_taken_off() -> None:
    """Never below nothing."""
    rule = Reading(output_tokens=("all", "-in", "-x"), input_tokens=("in", "-all"))
    assert usages(read([rule], {"all": 9, "in": 4})[1]) == [Usage(output_tokens=5)]


@pytest.mark.parametrize("wrong", ["5", None, [5], {"a": 5}, float("inf"), float("nan"), -5])
def test_what_is_no_count_is_none(wrong: object) -> None:
    """Texts, lists, and numbers that can't be."""
    _, told = read([COUNTED], {"in": wrong, "why": wrong, "cost": wrong})
    assert told == []
    _, told = read([COUNTED], {"in": 1, "cost": wrong})
    assert usages(told) == [Usage(input_tokens=1)]


def test_numbers_beyond_measure_are_bounded() -> None:
    """They must not keep an attempt from ending."""
    _, told = read([COUNTED], {"in": 10**300, "cost": 10**300, "calls": [{"out": 1e300}] * 3})
    assert usages(told) == [Usage(input_tokens=10**12, output_tokens=10**12)]


def test_what_is_said_to_have_cost_nothing_has_an_unknown_price() -> None:
    """Programs say so where they know none."""
    assert usages(read([COUNTED], {"in": 1, "cost": 0})[1]) == [Usage(input_tokens=1)]


def test_a_cost_is_told_without_tokens_too() -> None:
    """Some programs tell nothing else; one of 0 is none."""
    rules = [Reading(answer="say"), Reading(cost_usd=("cost",))]
    values = [{"say": "x", "cost": 0.5}, {"cost": 0}, {"cost": 0.25}]
    costs = [Usage(cost_usd="0.5"), Usage(cost_usd="0.25")]
    assert usages(read(rules, *values)[1]) == costs
    running = [Reading(cost_usd=("cost",), cumulative=True)]
    values = [{"cost": 0.5}, {"cost": 0.5}, {"cost": 0.75}]
    assert usages(read(running, *values)[1]) == costs


def test_running_sums_are_told_by_what_is_new() -> None:
    """Each rule counts for itself; a count that goes back has nothing new."""
    rule = COUNTED._replace(cumulative=True)
    values = [{"in": 5, "cost": 1}, {"in": 5, "cost": 1}, {"in": 8, "cost": 1.5}, {"in": 2}]
    assert usages(read([rule], *values)[1]) == [
        Usage(input_tokens=5, cost_usd="1"),
        Usage(input_tokens=3, cost_usd="0.5"),
    ]


@pytest.mark.parametrize("value", [None, 1, "text", [], [1], {}, {"say": ["x"]}, {"say": None}])
def test_values_of_other_kinds_tell_nothing(value: object) -> None:
    """Whatever they are."""
    rule = Reading(answer="say", session="say", error="say", model="say", input_tokens=("say",))
    reader, told = read([rule], value)
    assert (told, reader.answer, reader.error) == ([], None, None)


def test_half_a_character_does_not_stay_one() -> None:
    """JSON can write it, and nothing could store it."""
    reader, _ = read([Reading(answer="say")], json.loads('{"say": "a\\ud800b"}'))
    assert reader.answer == "a?b"
