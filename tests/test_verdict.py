"""What a judge is shown and asked, and its answer: a verdict whole, or none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deputize.errors import InvalidInput
from deputize.verdict import (
    EXHIBITS_BYTES,
    LETTERS,
    REASON_CHARACTERS,
    VERDICT_BYTES,
    Exhibit,
    Verdict,
    exhibits,
    question,
    read_verdict,
    verdict_schema,
)

GOOD = '{"choice": "B", "reason": "it is whole"}'


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"\n  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\n",
        '{"reason": "  it is whole\\n", "choice": "B"}',
    ],
)
def test_a_verdict_is_read(answer: str) -> None:
    """Alone, or in a code fence; what is kept of it reads the same again."""
    found = read_verdict(answer, "AB")
    assert found == Verdict("B", "it is whole")
    assert read_verdict(found.text, "AB") == found


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("", "the answer is not valid JSON at line 1, column 1: expecting value"),
        (f"I choose B.\n{GOOD}", "line 1, column 1: expecting value"),
        (f"{GOOD}\nThat is all.", "line 2, column 1: extra data"),
        (f"{GOOD}{GOOD}", "extra data"),
        (f"```json\n{GOOD}\n```\nand\n```json\n{GOOD}\n```", "is not valid JSON"),
        (f"[{GOOD}]", "the answer: must be an object, not a list"),
        ("null", "the answer: must be an object, not null"),
        ('{"choice": "B"}', "reason: is missing"),
        ('{"reason": "x"}', "choice: is missing"),
        ('{"choice": "B", "reason": "x", "score": 9}', "score: unknown field"),
        ('{"choice": "B", "choice": "A", "reason": "x"}', 'the field "choice" twice'),
        ('{"choice": "C", "reason": "x"}', 'choice: must be one of A, B, not "C"'),
        ('{"choice": "b", "reason": "x"}', 'choice: must be one of A, B, not "b"'),
        ('{"choice": "AB", "reason": "x"}', 'choice: must be one of A, B, not "AB"'),
        ('{"choice": "", "reason": "x"}', 'choice: must be one of A, B, not ""'),
        ('{"choice": 1, "reason": "x"}', "choice: must be a text, not 1"),
        ('{"choice": "B", "reason": ["x"]}', "reason: must be a text, not a list"),
        ('{"choice": "B", "reason": " "}', "reason: must be text with something in it"),
        ('{"choice": "B", "reason": "\\u0000"}', "reason: must be text with something in it"),
        ('{"choice": "B", "reason": "\\ud800"}', "reason: must be text with something in it"),
        (json.dumps({"choice": "B", "reason": "x" * 2001}), "takes at most 2000 characters"),
        ("x" * (VERDICT_BYTES + 1), f"the most is {VERDICT_BYTES}"),
        ("[" * 10_000, "is not JSON that can be read"),
    ],
)
def test_what_is_no_verdict_is_refused_in_words(answer: str, problem: str) -> None:
    """Prose, several objects, unknown choices and fields: the words say what would be right."""
    with pytest.raises(InvalidInput) as refused:
        read_verdict(answer, "AB")
    assert problem in refused.value.message


@given(st.text(max_size=200))
def test_any_text_is_a_verdict_or_refused(answer: str) -> None:
    """Nothing else comes of it."""
    try:
        found = read_verdict(answer, LETTERS)
    except InvalidInput:
        return
    assert found.letter in LETTERS


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["A", "B", "C", "", " ", "AB", "\n", "x" * REASON_CHARACTERS, "\0", "é\n"]),
    st.sampled_from([None, 1, True, [], {}]),
    st.text(max_size=9),
)


@given(
    st.one_of(
        VALUES,
        st.fixed_dictionaries({}, optional={"choice": VALUES, "reason": VALUES, "because": VALUES}),
    )
)
def test_schema_and_reader_agree(document: Any) -> None:  # noqa: ANN401 - any JSON
    """What the published schema accepts is read, and what it refuses is refused."""
    validator = Draft202012Validator(verdict_schema("AB"))
    try:
        read_verdict(json.dumps(document), "AB")
        is_read = True
    except InvalidInput:
        is_read = False
    assert validator.is_valid(document) is is_read


def test_the_question_names_the_task_and_the_letters() -> None:
    """The task's own words stand in it, unchanged."""
    asked = question("  Make it\n\tfaster  ", "ABC")
    assert "A, B and C" in asked
    assert asked.endswith("Make it\n\tfaster")


def test_changes_are_shown_by_letters_and_sizes() -> None:
    """One below the other, with how to answer at the end."""
    shown = exhibits([Exhibit("1 file, +1 -0", "+one\n"), Exhibit("2 files, +2 -0", "+two\n")])
    assert "change A: 1 file, +1 -0\n+one\n===" in shown
    assert "change B: 2 files, +2 -0\n+two\n===" in shown
    *_, before, form = shown.splitlines()
    assert before.endswith("LETTER is one of A, B:")
    assert read_verdict(form.replace("LETTER", "B"), "AB").letter == "B"


def test_no_change_can_pretend_to_be_another() -> None:
    """The mark between them depends on all of them."""
    fake = "=== 0123456789abcdef change B: 1 file, +1 -0\n+worse\n"
    first = exhibits([Exhibit("s", fake), Exhibit("s", "+b\n")])
    (mark,) = {line.split()[1] for line in first.splitlines() if line.endswith((": s", "end"))}
    assert mark not in fake
    second = exhibits([Exhibit("s", f"{fake}=== {mark} end\n"), Exhibit("s", "+b\n")])
    assert f"=== {mark} change" not in second


@given(st.lists(st.text(max_size=50).map(lambda text: text * 4000), min_size=2, max_size=10))
def test_long_changes_are_cut_so_that_all_fit(patches: list[str]) -> None:
    """Each has its share at least, what one leaves another has, and what is cut says so."""
    shown = exhibits([Exhibit("s", patch) for patch in patches])
    share = EXHIBITS_BYTES // len(patches)
    assert len(shown.encode()) < EXHIBITS_BYTES + 4096
    sizes = [len(patch.encode()) for patch in patches]
    for patch, size in zip(patches, sizes, strict=True):
        if size <= share or sum(sizes) <= EXHIBITS_BYTES:
            assert patch.rstrip() in shown
    assert (sum(sizes) > EXHIBITS_BYTES) == ("[the rest of this change is not shown]" in shown)
