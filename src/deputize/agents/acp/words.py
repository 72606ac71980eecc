"""What an agent says since its last tool call, message by message: pure."""

from __future__ import annotations

from deputize.agents.output import ANSWER_CHARACTERS, Tail

MOST_MESSAGES = 50
"""How many messages are kept; the oldest are forgotten first."""


class Words:
    """The messages of an answer, each by the name that the agent gave it."""

    def __init__(self, length: int = ANSWER_CHARACTERS) -> None:
        """Start with none; of each, at most `length` characters are kept."""
        self._length = length
        self._messages: dict[str, Tail] = {}

    def add(self, message: str, text: str) -> None:
        """Take the next piece of a message."""
        if message not in self._messages:
            self._messages[message] = Tail(self._length)
            if len(self._messages) > MOST_MESSAGES:
                del self._messages[next(iter(self._messages))]
        self._messages[message].add(text)

    def replace(self, message: str, text: str) -> str:
        """Take a message as a whole; returns what of it is new."""
        before = self._messages[message].text() if message in self._messages else ""
        if message in self._messages:
            self._messages[message].clear()
        self.add(message, text)
        return text[len(before) :] if before and text.startswith(before) else text

    def clear(self) -> None:
        """Forget everything."""
        self._messages.clear()

    def text(self) -> str:
        """Return all messages, one after the other."""
        return "".join(tail.text() for tail in self._messages.values())
