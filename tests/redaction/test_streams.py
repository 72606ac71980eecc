"""Text in pieces is redacted as the whole is, and nothing is given out too early."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.redaction import MARK, Redactor, redacted
from deputize.redaction.stream import ByteStream
from deputize.redaction.sweep import WINDOW
from tests.fixtures.secrets import corpus, drawn

ENTRIES = corpus()
KNOWN = "quite-an-ordinary-phrase"


def in_pieces(text: str, sizes: list[int], redactor: Redactor | None = None) -> str:
    """Return what a stream makes of a text that comes in pieces of these sizes, over and over."""
    stream, place, shown, turn = (redactor or Redactor()).stream(), 0, "", 0
    while place < len(text):
        size = sizes[turn % len(sizes)]
        shown += stream.feed(text[place : place + size])
        place, turn = place + size, turn + 1
    return shown + stream.end()


@pytest.mark.parametrize("seed", range(3))
def test_every_transcript_in_pieces_is_as_the_whole(seed: int) -> None:
    """Every entry of the corpus, cut at random: the same text comes out."""
    draw = random.Random(seed)  # noqa: S311 - sizes of pieces
    for entry in ENTRIES:
        sizes = [draw.randint(1, 40) for _ in range(20)]
        assert in_pieces(entry.text, sizes) == redacted(entry.text), (entry.kind, sizes)


@given(
    st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=3),
    st.lists(st.integers(1, 200), min_size=1, max_size=10),
)
def test_any_pieces_make_the_same(entries: list[object], sizes: list[int]) -> None:
    """Several transcripts on end, in pieces of any sizes."""
    text = "".join(getattr(entry, "text", "") for entry in entries)
    assert in_pieces(text, sizes) == redacted(text)


@given(st.text(st.characters(), max_size=300), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_any_characters_go_through_in_pieces(text: str, sizes: list[int]) -> None:
    """Half pairs, control characters, any language: nothing is lost, nothing breaks."""
    assert in_pieces(text, sizes) == redacted(text)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_bytes_that_are_no_text_go_through_as_they_are(content: bytes, size: int) -> None:
    """A program may print anything."""
    stream = ByteStream(Redactor().sweep())
    pieces = [stream.feed(content[place : place + size]) for place in range(0, len(content), size)]
    assert b"".join((*pieces, stream.end())) == content


@pytest.mark.parametrize("size", [1, 7, 4096, 3 * WINDOW])
def test_nothing_that_is_given_out_is_part_of_a_secret(size: int) -> None:
    """At each moment: what has come out so far is the beginning of what comes out at last."""
    text = "".join(entry.text for entry in ENTRIES[::9])
    stream, shown, whole = Redactor().stream(), "", redacted(text)
    for place in range(0, len(text), size):
        shown += stream.feed(text[place : place + size])
        assert whole.startswith(shown)
    assert shown + stream.end() == whole


@pytest.mark.parametrize("before", range(0, WINDOW + 200, 4099))
@pytest.mark.parametrize("filler", ["word ", "x", "é"])
def test_a_secret_in_a_line_without_end_is_found_wherever_it_stands(
    before: int, filler: str
) -> None:
    """Windows are cut where nothing goes on; a stream cuts as the whole does."""
    secret = drawn(random.Random(before), "{a36}")  # noqa: S311 - a made-up secret
    text = filler * (before // len(filler)) + f" {{'token': 'ghp_{secret}'}} " + filler * WINDOW
    shown = redacted(text)
    assert shown == text.replace(f"ghp_{secret}", MARK)
    assert in_pieces(text, [977]) == shown


def test_a_secret_that_is_longer_than_a_window_is_hidden_to_its_end() -> None:
    """However long a token is, no part of it is left."""
    token = "glpat-" + drawn(random.Random(1), "{w20}") * WINDOW  # noqa: S311 - a made-up secret
    text = f"before {token} after\n"
    shown = redacted(text)
    assert shown.startswith("before [redacted]")
    assert shown.endswith(" after\n")
    assert len(shown) < 1000
    assert in_pieces(text, [5000]) == shown


def test_a_stream_holds_back_no_more_than_a_window() -> None:
    """A program that never ends its line can't fill the memory, and is seen at work."""
    stream = Redactor().stream()
    given_out = sum(len(stream.feed("no end " * 100)) for _ in range(1000))
    assert 700_000 - given_out <= WINDOW


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_known_secrets_are_found_over_pieces_too(size: int) -> None:
    """They are looked for as rules are."""
    text = f"it is {KNOWN}, and\n{KNOWN[:10]}\n{KNOWN}"
    shown = f"it is [redacted], and\n{KNOWN[:10]}\n[redacted]"
    assert in_pieces(text, [size], Redactor([KNOWN])) == shown


def test_a_key_goes_on_after_a_pause() -> None:
    """What was held back is given out at a pause; the rest of a key is hidden all the same."""
    stream = Redactor().stream()
    body = drawn(random.Random(2), "{b64}")  # noqa: S311 - a made-up secret
    shown = stream.feed(f"-----BEGIN PRIVATE KEY-----\n{body}\n") + stream.end()
    shown += stream.feed(f"{body}\n-----END PRIVATE KEY-----\nafter\n") + stream.end()
    assert body not in shown
    assert shown.split() == ["[redacted]", "after"]


@pytest.mark.parametrize("before", range(0, WINDOW + 5000, 7919))
def test_a_key_in_a_long_line_of_json_is_hidden_wherever_it_stands(before: int) -> None:
    """As a tool's result has it; other secrets around it are found too."""
    draw = random.Random(before)  # noqa: S311 - made-up secrets
    body = "\n".join(drawn(draw, "{b64}") for _ in range(25))
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n"
    token = f"ghp_{drawn(draw, '{a36}')}"
    words = f"{'word ' * (before // 5)}{token} {key}{token} {'word ' * WINDOW}"
    text = json.dumps({"content": words})
    shown = redacted(text)
    assert json.loads(shown)["content"].split()[: before // 5] == ["word"] * (before // 5)
    assert shown.count("word ") == text.count("word ")
    assert shown.count("[redacted]") == 3
    assert in_pieces(text, [4001]) == shown


def test_many_keys_in_a_line_are_taken_out_one_by_one() -> None:
    """However many: a hostile line is no deeper than any other."""
    line = "-----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----," * 1500
    assert redacted(line) == "[redacted]," * 1500
    short = line[: WINDOW // 2]
    assert redacted(f"{short}\n").count("[redacted]") == short.count("END PRIVATE KEY-----,")
