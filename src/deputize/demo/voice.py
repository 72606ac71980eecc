"""How the demo speaks: lines for a person, handed to whatever shows them."""

from __future__ import annotations

from typing import Protocol


class Voice(Protocol):
    """Shows lines at once, in order; makes what others wrote harmless."""

    def title(self, text: str) -> None:
        """Begin a section."""
        ...

    def say(self, text: str) -> None:
        """Show a line."""
        ...
