"""The tool calls that an agent has told of, and as much of each as is needed later: pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deputize.agents.acp.names import name_in
from deputize.agents.acp.permission import paths_in
from deputize.agents.jsonl import as_list, as_object, as_text
from deputize.agents.output import KEPT_CHARACTERS as KEPT_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_CALLS = 500
"""How many calls are remembered; the oldest are forgotten first."""
MOST_PIECES = 50
"""How many pieces of what a call gives back are kept."""
KEPT_CHARACTERS = 4_000_000
"""How much is kept of what all open calls are given: what is more can't be judged later."""
TITLE_CHARACTERS = 1000


@dataclass(slots=True, kw_only=True)
class Call:
    """A tool call that was told of."""

    name: str
    told: dict[str, object] = field(default_factory=dict)
    """What was told of it, in the protocol's words, without what nobody asks for again."""
    ended: bool = False
    held: int = 0
    """How much is kept of what it was given, in characters."""
    is_cut: bool = False
    """Whether what it was given is not all there: whoever has to judge it must be told again."""


class Calls:
    """The latest calls of a session, by the names that its agent gave them."""

    def __init__(self) -> None:
        """Start with none."""
        self._calls: dict[str, Call] = {}
        self._refused: dict[str, None] = {}
        self.has_refused = False

    def get(self, identifier: str) -> Call | None:
        """Return a call that was told of, and is not forgotten."""
        return self._calls.get(identifier)

    def begin(self, identifier: str, name: str) -> Call:
        """Remember a call."""
        self._calls[identifier] = call = Call(name=name)
        _forget(self._calls)
        return call

    def add(self, call: Call, update: Mapping[str, object]) -> None:
        """Take what an update tells of a call, over what was told before."""
        if call.ended:
            return
        for key in ("kind", "title"):
            if text := as_text(update.get(key)):
                call.told[key] = text[:TITLE_CHARACTERS]
        if isinstance(update.get("content"), list):
            call.told["content"] = list(_pieces(as_list(update["content"])))
        if (raw := update.get("rawOutput")) is not None:
            call.told["rawOutput"] = text_of(raw)[:KEPT_OUTPUT]
        others = sum(each.held for each in self._calls.values() if each is not call)
        _add_given(call, update, KEPT_CHARACTERS - others)

    def refuse(self, identifier: str) -> None:
        """Remember that a call was refused."""
        self.has_refused = True
        self._refused[identifier] = None
        _forget(self._refused)

    def was_refused(self, identifier: str) -> bool:
        """Tell whether a call was refused."""
        return identifier in self._refused


def add_piece(call: Call, piece: object) -> None:
    """Take one more piece of what a call gives back."""
    if not call.ended:
        call.told["content"] = list(_pieces([*as_list(call.told.get("content")), piece]))


def end(call: Call) -> None:
    """Forget what was told of a call: nobody needs it any more."""
    call.ended = call.is_cut = True
    call.told, call.held = {}, 0


def text_of(raw: object) -> str:
    """Return a value as text."""
    return raw if isinstance(raw, str) else json.dumps(raw, default=str)


def _add_given(call: Call, update: Mapping[str, object], room: int) -> None:
    """Keep what a call is given, and its paths, where there is room for all of it."""
    given = as_object(update.get("rawInput")) or as_object(call.told.get("rawInput"))
    paths = dict.fromkeys((*paths_in(call.told), *paths_in(update)))
    held = _length([given, *paths], room)
    if held > room:
        call.is_cut = True
        return
    call.held = held
    call.told["rawInput"] = given
    call.told["locations"] = [{"path": path} for path in paths]


def _length(values: Iterable[object], most: int) -> int:
    """Return how many characters, and values, there are in what came as JSON, or one too many."""
    found = 0
    waiting = [iter(values)]
    while waiting and found <= most:
        each = next(waiting[-1], waiting)
        if each is waiting:
            waiting.pop()
            continue
        found += 1 + (len(each) if isinstance(each, str) else 0)
        if isinstance(each, dict):
            waiting.append(iter([*each, *each.values()]))
        elif isinstance(each, list):
            waiting.append(iter(each))
    return found


def _pieces(content: list[object]) -> Iterator[dict[str, object]]:
    """Yield the beginning of what a call gives back, and the terminals that show it."""
    room = KEPT_OUTPUT
    for piece in map(as_object, content[:MOST_PIECES]):
        text = as_text(as_object(piece.get("content")).get("text"))[:room]
        room -= len(text)
        if text:
            yield {"type": "content", "content": {"type": "text", "text": text}}
        elif terminal := name_in(piece, "terminalId"):
            yield {"type": "terminal", "terminalId": terminal}


def _forget(names: dict[str, object] | dict[str, Call] | dict[str, None]) -> None:
    if len(names) > MOST_CALLS:
        del names[next(iter(names))]
