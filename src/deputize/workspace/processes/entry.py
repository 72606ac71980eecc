"""What is known of one process."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One process as it was when it was looked at.

    Not a dataclass: making one takes a millisecond, which the verbs that must be quick would pay.
    """

    pid: int
    parent: int
    session: int
    started: str
    """When it started: a number in a unit of the system's own, growing, the same at every look."""
    name: str
    """Its short name, as it chose it: never to be shown raw."""
    ended: bool
    """Whether it has run its course and only waits to be collected by its parent (a zombie)."""

    cpu_seconds: float = 0.0
    """What it has used of the processors so far."""

    @property
    def order(self) -> tuple[float, int]:
        """Where it stands among others: parents before their children."""
        return (float(self.started), self.pid)
