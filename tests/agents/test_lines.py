"""Whole lines out of pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.lines import WholeLines

MOST = 10


@given(st.lists(st.binary(min_size=1, max_size=30).map(lambda each: each.replace(b"x", b"\n"))))
def test_pieces_make_the_lines_that_they_are_parts_of(pieces: list[bytes]) -> None:
    """However a stream is cut, its lines are the same; those that are too long are none."""
    lines = WholeLines(MOST)
    told = [line for piece in [*pieces, b""] for line in lines.feed(piece)]
    whole = b"".join(pieces).split(b"\n")
    expected = [line if len(line) <= MOST else None for line in whole]
    assert told == (expected if whole[-1] else expected[:-1])


def test_a_line_without_end_is_not_held() -> None:
    """What is too long is forgotten while it comes."""
    lines = WholeLines(MOST)
    for _ in range(1000):
        assert lines.feed(b"y" * 1000) == []
    assert lines.feed(b"\nshort\n") == [None, b"short"]
