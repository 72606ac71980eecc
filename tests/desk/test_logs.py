"""Reading logs while they grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.logs import LONGEST_LINE, Tail, last_line, read
from tests.desk.test_documents import ATTEMPT

if TYPE_CHECKING:
    from pathlib import Path


def test_only_whole_lines_are_given_out(tmp_path: Path) -> None:
    """A line that is still being written waits for its end, or for the end of the log."""
    log = tmp_path / "log"
    tail = Tail(log)
    assert list(tail.lines()) == []
    log.write_bytes(b"one\ntw")
    assert list(tail.lines()) == ["one"]
    with log.open("ab") as file:
        file.write(b"o\r\nthree")
    assert list(tail.lines()) == ["two"]
    assert list(tail.lines(ended=True)) == ["three"]
    assert list(tail.lines(ended=True)) == []


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    """Invalid UTF-8 does not end the reading."""
    log = tmp_path / "log"
    log.write_bytes(b"a\xff\nb\n")
    assert list(Tail(log).lines()) == ["a\ufffd", "b"]


def test_a_line_without_end_is_given_out_in_pieces(tmp_path: Path) -> None:
    """No log makes the reader hold more than a piece of it."""
    log = tmp_path / "log"
    log.write_bytes(b"x" * (3 * LONGEST_LINE))
    pieces = list(Tail(log).lines(ended=True))
    assert sum(map(len, pieces)) == 3 * LONGEST_LINE
    assert max(map(len, pieces)) < 2 * LONGEST_LINE


def test_the_last_line_with_something_in_it(tmp_path: Path) -> None:
    """The headline of a running attempt is its last line that isn't empty."""
    log = tmp_path / "log"
    attempt = ATTEMPT._replace(log=str(log))
    assert last_line(attempt) is None
    log.write_bytes(b"x" * 9000 + b"\nlast \n\n")
    assert last_line(attempt) == "last"
    assert last_line(ATTEMPT._replace(log=None)) is None
    assert list(read(attempt))[1:] == ["last ", ""]
