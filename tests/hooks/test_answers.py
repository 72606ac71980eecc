"""What a hook says: read strictly, and bounded."""

from __future__ import annotations

import json

import pytest

from deputize.errors import InvalidInput
from deputize.hooks.answers import (
    CONTEXT_CHARACTERS,
    MOST_BYTES,
    REASON_CHARACTERS,
    context_in,
    ruling_in,
)
from deputize.model.policy import Decision, Verdict


@pytest.mark.parametrize("content", [b"", b" \n", b"{}"])
def test_who_says_nothing_decides_and_adds_nothing(content: bytes) -> None:
    """An empty answer is one of no opinion."""
    assert ruling_in(content, "hook.mine") is None
    assert context_in(content) == ""


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_ruling_has_a_verdict_and_a_reason(verdict: Verdict) -> None:
    """The rule is that of the hook; without a reason, that is said."""
    said = json.dumps({"decision": verdict, "reason": "not on Fridays"}).encode()
    expected = Decision(verdict=verdict, rule="hook.mine", reason="not on Fridays")
    assert ruling_in(said, "hook.mine") == expected
    bare = ruling_in(json.dumps({"decision": verdict}).encode(), "hook.mine")
    assert bare is not None
    assert bare.reason == "it gave no reason"


@pytest.mark.parametrize(
    "content",
    [
        b"deny",
        b"\xff",
        b"[]",
        b"null",
        b'"deny"',
        b'{"decision": "no"}',
        b'{"decision": true}',
        b'{"decision": ["deny"]}',
        b'{"Decision": "deny"}',
        b'{"reason": "only that"}',
        b'{"decision": "allow", "decision": "deny"}',
        b'{"decision": "deny", "reason": 5}',
        b'{"decision": "deny", "reason": "\\u0000"}',
        b'{"decision": "allow", "context": "hello"}',
        b'{"decision": "allow", "reason": "' + b"x" * MOST_BYTES + b'"}',
        b"[" * 100_000,
    ],
)
def test_an_answer_of_another_form_is_no_yes(content: bytes) -> None:
    """What can't be read is an error: nobody guesses what was meant."""
    with pytest.raises(InvalidInput):
        ruling_in(content, "hook.mine")


@pytest.mark.parametrize(
    "content", [b"words", b'{"context": 5}', b'{"context": "\\ud800"}', b'{"contexts": "x"}']
)
def test_a_context_of_another_form_is_none(content: bytes) -> None:
    """What no prompt could hold, least of all."""
    with pytest.raises(InvalidInput):
        context_in(content)


def test_what_is_long_is_cut_and_says_so() -> None:
    """The context keeps its beginning with a mark behind it, a reason only its beginning."""
    said = json.dumps({"context": "x" * (CONTEXT_CHARACTERS + 7)}).encode()
    assert context_in(said) == "x" * CONTEXT_CHARACTERS + "… (7 characters more)"
    said = json.dumps({"context": "x" * CONTEXT_CHARACTERS}).encode()
    assert context_in(said) == "x" * CONTEXT_CHARACTERS
    said = json.dumps({"decision": "deny", "reason": "x" * 9999}).encode()
    ruling = ruling_in(said, "hook.mine")
    assert ruling is not None
    assert len(ruling.reason) == REASON_CHARACTERS
