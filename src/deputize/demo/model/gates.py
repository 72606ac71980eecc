"""Waiting that ends at once when the client hangs up or the model is closed."""

from __future__ import annotations

import time
from enum import StrEnum
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 0.02
"""How often a waiting answer looks whether its client is still there."""


class Ending(StrEnum):
    """How a request ended."""

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    """With an error, scripted or because the request was wrong."""
    CUT = "cut"
    """The script dropped the connection."""
    HUNG_UP = "hung_up"
    """The client dropped the connection."""
    CLOSED = "closed"
    """The model was closed before the answer was complete."""


class Interrupted(Exception):
    """An answer can't go on; carries how the request ended."""

    def __init__(self, ending: Ending) -> None:
        """Keep the `ending`."""
        super().__init__(ending)
        self.ending = ending


class Gates:
    """Named gates that answers wait at, and pauses; all of them end when it is closed."""

    def __init__(self) -> None:
        """Start with every gate shut."""
        self._changed = Condition()
        self._opened: set[str] = set()
        self.is_closed = False

    def open(self, name: str) -> None:
        """Let the answers that wait at a gate go on, and all that come later."""
        with self._changed:
            self._opened.add(name)
            self._changed.notify_all()

    def close(self) -> None:
        """Interrupt whatever waits, now and later."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()

    def wait_for(self, name: str, is_gone: Callable[[], bool]) -> None:
        """Wait until a gate is open; raises `Interrupted`."""
        self._wait(lambda: name in self._opened, is_gone)

    def pause(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        """Wait some time; raises `Interrupted`."""
        deadline = time.monotonic() + seconds
        self._wait(lambda: time.monotonic() >= deadline, is_gone, deadline)

    def hang(self, is_gone: Callable[[], bool]) -> None:
        """Wait until interrupted: always raises `Interrupted`."""
        self._wait(lambda: False, is_gone)

    def _wait(
        self,
        is_over: Callable[[], bool],
        is_gone: Callable[[], bool],
        deadline: float = float("inf"),
    ) -> None:
        with self._changed:
            while not is_over():
                if self.is_closed:
                    raise Interrupted(Ending.CLOSED)
                if is_gone():
                    raise Interrupted(Ending.HUNG_UP)
                left = max(0.0, deadline - time.monotonic())
                self._changed.wait(min(LOOK_SECONDS, left))
