"""What commands print that an agent shows as terminals, in version 2 of the protocol: pure."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from deputize.agents.acp.names import name_in
from deputize.agents.jsonl import as_list, as_object, as_text
from deputize.agents.output import KEPT_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT_BYTES = KEPT_CHARACTERS
"""How much of the beginning of each terminal is kept."""
MOST_TERMINALS = 50


class Terminals:
    """The beginning of what each terminal shows, by its name."""

    def __init__(self) -> None:
        """Start with none."""
        self._shown: dict[str, bytearray] = {}

    def hear(self, update: Mapping[str, object]) -> None:
        """Take a `terminal_update` or a `terminal_output_chunk`."""
        name = name_in(update, "terminalId")
        if update.get("sessionUpdate") == "terminal_output_chunk":
            self._add(name, update.get("data"))
        elif "output" in update:
            self._shown.pop(name, None)
            self._add(name, as_object(update["output"]).get("data"))

    def shown_in(self, call: Mapping[str, object]) -> str:
        """Return what the terminals show that a tool call refers to."""
        parts = map(as_object, as_list(call.get("content")))
        names = (name_in(part, "terminalId") for part in parts)
        return "".join(self._shown.get(name, b"").decode("utf-8", "replace") for name in names)

    def _add(self, name: str, data: object) -> None:
        shown = self._shown.setdefault(name, bytearray())
        if len(self._shown) > MOST_TERMINALS:
            del self._shown[next(iter(self._shown))]
        room = KEPT_BYTES - len(shown)
        if room > 0:
            # Four letters are three bytes: what is more than the room need not be read.
            shown += _bytes(as_text(data)[: 4 * (room // 3 + 1)])[:room]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
