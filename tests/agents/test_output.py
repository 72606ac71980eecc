"""Text out of bytes that come in pieces, within bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.output import (
    KEPT_CHARACTERS,
    LINE_CHARACTERS,
    OUTPUT_CHARACTERS,
    Decoder,
    Lines,
    Tail,
    shown_output,
)
from deputize.redaction import Redactor


@given(st.lists(st.text(max_size=50), max_size=40), st.integers(1, 30))
def test_a_tail_is_the_end_of_all_pieces(pieces: list[str], length: int) -> None:
    """However a text is cut into pieces, its end is kept."""
    tail = Tail(length)
    for piece in pieces:
        tail.add(piece)
    assert tail.text() == "".join(pieces)[-length:]


@given(st.text(), st.integers(1, 5))
def test_characters_survive_being_cut(text: str, size: int) -> None:
    """A character whose bytes come in two pieces is decoded once."""
    content = text.encode("utf-8", "replace")
    decoder = Decoder()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    decoded = "".join([decoder.feed(piece) for piece in pieces] + [decoder.feed(b"")])
    assert decoded == content.decode()


def test_bytes_that_are_no_text_are_replaced() -> None:
    """What is no UTF-8 becomes a replacement character."""
    decoder = Decoder()
    assert decoder.feed(b"a\xff") + decoder.feed(b"") == "a�"


def test_lines_are_told_when_they_are_whole() -> None:
    """A line comes when its end has come, the last one at the end of the stream."""
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.feed(b"o\n\n") == ["two"]
    assert lines.feed(b"three") == []
    assert lines.feed(b"") == ["three"]
    assert lines.last == ["one", "two", "three"]


def test_a_line_without_end_is_cut() -> None:
    """A line that goes on and on is told in part, and doesn't fill the memory."""
    lines = Lines()
    assert lines.feed(b"x" * (LINE_CHARACTERS * 3)) == ["x" * LINE_CHARACTERS]
    assert lines.feed(b"y\n") == ["y"]


def test_what_a_tool_gave_back_is_shown_without_secrets_and_cut() -> None:
    """Up to 10,000 characters as they are; of more the beginning, and how many there were."""
    redactor = Redactor(["hidden-value"])
    whole = "x" * OUTPUT_CHARACTERS
    assert shown_output(whole, redactor) == whole
    assert shown_output("a hidden-value\n", redactor) == "a [redacted]\n"
    assert shown_output(f"{whole}yz", redactor) == f"{whole}… (2 characters more)"
    long = "x" * (3 * KEPT_CHARACTERS)
    more = len(long) - OUTPUT_CHARACTERS
    assert shown_output(long, redactor) == f"{whole}… ({more} characters more)"


def test_half_a_secret_at_the_end_of_what_was_looked_at_is_not_shown() -> None:
    """Though all that stood before it was taken out, and there would be room to show it."""
    secret = "hidden-value" * 10
    redactor = Redactor([secret])
    lines = f"{secret}\n" * (KEPT_CHARACTERS // len(secret) + 5)
    shown = shown_output(lines, redactor)
    assert len(shown) < OUTPUT_CHARACTERS
    assert "hidden" not in shown
    assert shown.endswith(" characters more)")
