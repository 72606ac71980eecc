"""What an agent says and shows, kept within bounds."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.acp.terminals import KEPT_BYTES, MOST_TERMINALS, Terminals
from deputize.agents.acp.words import MOST_MESSAGES, Words

REFERENCE: dict[str, object] = {"content": [{"type": "terminal", "terminalId": "x"}]}


def _chunk(data: object, name: object = "x") -> dict[str, object]:
    return {"sessionUpdate": "terminal_output_chunk", "terminalId": name, "data": data}


def _written(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_of_a_message_that_is_told_again_only_what_is_new_is_news() -> None:
    """A whole message replaces its pieces; one that goes on where they ended is no repetition."""
    words = Words()
    words.add("a", "It ")
    assert words.replace("a", "It works.") == "works."
    assert words.replace("a", "No.") == "No."
    words.add("b", " Yes.")
    assert words.text() == "No. Yes."
    assert words.replace("a", "") == ""
    assert words.text() == " Yes."


def test_the_oldest_of_many_messages_are_forgotten() -> None:
    """However many there are, so many are kept."""
    words = Words()
    for number in range(2 * MOST_MESSAGES):
        words.add(str(number), f"{number},")
    assert words.text().split(",")[:-1] == [
        str(number) for number in range(MOST_MESSAGES, 2 * MOST_MESSAGES)
    ]


@given(st.lists(st.binary(max_size=KEPT_BYTES), max_size=4))
def test_the_beginning_of_what_a_terminal_shows_is_kept(pieces: list[bytes]) -> None:
    """Pieces are read one by one; a character may stand in two of them."""
    terminals = Terminals()
    for piece in pieces:
        terminals.hear(_chunk(_written(piece)))
    shown = b"".join(pieces)[:KEPT_BYTES].decode("utf-8", "replace")
    assert terminals.shown_in(REFERENCE) == shown


def test_a_snapshot_takes_the_place_of_what_was_shown() -> None:
    """What comes after it is added to it; what is no base64 adds nothing."""
    terminals = Terminals()
    terminals.hear(_chunk(_written(b"old")))
    told = {"terminalId": "x", "output": {"data": _written(b"new")}}
    terminals.hear({"sessionUpdate": "terminal_update", **told})
    terminals.hear({"sessionUpdate": "terminal_update", "terminalId": "x", "exitStatus": {}})
    for data in (_written(b"er"), "§", 7, None):
        terminals.hear(_chunk(data))
    assert terminals.shown_in(REFERENCE) == "newer"


def test_the_oldest_of_many_terminals_are_forgotten() -> None:
    """None while there is room; one that is named later than all others is kept."""
    terminals = Terminals()

    def shown(number: int) -> str:
        return terminals.shown_in({"content": [{"terminalId": f"{number}"}]})

    for number in range(MOST_TERMINALS):
        terminals.hear(_chunk(_written(b"shown"), f"{number}"))
    assert {shown(number) for number in range(MOST_TERMINALS)} == {"shown"}
    terminals.hear(_chunk(_written(b"shown"), f"{MOST_TERMINALS}"))
    assert [shown(number) for number in (0, 1, MOST_TERMINALS)] == ["", "shown", "shown"]
