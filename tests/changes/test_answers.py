"""A change request among an agent's words: exactly one, or a reason why there is none."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.changes import answers
from deputize.changes.answers import instructions, request_in
from deputize.changes.reading import read_request
from deputize.errors import InvalidInput
from tests.changes.requests import create, request

REQUEST = request(create(content="{ not: json }\n```\n"), title="Say {it}")
TEXT = json.dumps(REQUEST)


@pytest.mark.parametrize(
    "answer",
    [
        TEXT,
        f"\n{json.dumps(REQUEST, indent=4)}\n",
        f"Here it is:\n\n```json\n{TEXT}\n```\n\nI hope that helps.",
        f"In `f(x) {{ return x; }}` and {{x}} there was a fault: {TEXT} That mends it.",
        f"{{ 'no': json }} but {TEXT}",
    ],
)
def test_the_one_object_is_found(answer: str) -> None:
    """Alone, in a fence, among words and other braces."""
    assert request_in(answer) == read_request(REQUEST)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("", "the answer is empty"),
        (" \n", "the answer is empty"),
        ("I could not do it.", 'no JSON object: "I could not do it."'),
        (f"{TEXT}\n{TEXT}", "holds 2 JSON objects, not one"),
        (f"First {{}}, then {TEXT}", "holds 2 JSON objects"),
        (TEXT[:-1], "no valid JSON object: expecting ',' delimiter at line 1, column"),
        ('```json\n{"schema": "deputize.change/1",\n "operations": [,]}\n```', "line 2, column 17"),
        ('{"a": ' * 100_000, "no JSON object that can be read"),
        ('{"schema": "x", "schema": "y"}', 'has the field "schema" twice'),
        ('{"operations": []}', "schema: is missing"),
        ('{"schema": "deputize.change/1"}', "operations: is missing"),
        (TEXT.replace("new.txt", "../new.txt"), "operations[0].path"),
    ],
)
def test_what_is_wrong_is_told(answer: str, told: str) -> None:
    """Where it is no JSON, where it is more than one, and where a field is wrong."""
    with pytest.raises(InvalidInput) as caught:
        request_in(answer)
    assert told in caught.value.message
    assert caught.value.hint


def test_an_answer_of_which_only_the_end_was_kept_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said that it was too long, not that its JSON is broken."""
    monkeypatch.setattr(answers, "ANSWER_CHARACTERS", 40)
    with pytest.raises(InvalidInput, match="more than the 40 characters"):
        request_in(TEXT[-40:])


def test_an_answer_may_say_that_nothing_has_to_change() -> None:
    """Then there is nothing to mend in it; to be submitted it would be refused."""
    empty = request(title="It is right already.")
    found = request_in(json.dumps(empty))
    assert (found.operations, found.title) == ((), "It is right already.")
    with pytest.raises(InvalidInput, match="must be 1 to 1000, not 0"):
        read_request(empty)
    many = request(*(create(str(number)) for number in range(1001)))
    with pytest.raises(InvalidInput, match="must be 0 to 1000, not 1001"):
        request_in(json.dumps(many))


@given(st.text(st.sampled_from('{}"[]:, \\\n`ab1')))
def test_any_words_are_an_answer_or_refused(answer: str) -> None:
    """Whatever stands there, it ends with words."""
    with pytest.raises(InvalidInput):
        request_in(answer)


def test_the_instructions_keep_to_the_rules_that_they_tell() -> None:
    """Their example is taken, and so is one without operations, also by the schema below them."""
    told = instructions()
    (example,) = re.findall(r"```json\n(.*?)```", told, re.DOTALL)
    assert len(request_in(example).operations) == 6
    schema = jsonschema.Draft202012Validator(json.loads(told.splitlines()[-1]))
    schema.validate(json.loads(example))
    assert "leave `operations` empty" in told
    schema.validate(request(title="It is right already."))
    assert not schema.is_valid({"schema": "deputize.change/1"})
