"""How those who wait in one event loop hear of what was committed: one of them looks for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from deputize.desk.tasks import LOOKS, POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = LOOKS * POLL_SECONDS
"""How long who waits for news goes without any before it reads anyway."""


class Watch:
    """Counts what was committed. Read `count` first, then the store, then wait for more."""

    def __init__(self, look: Callable[[], Awaitable[int]]) -> None:
        """Ask `look` for a number that differs once another process has committed something."""
        self.count = 0
        self._look = look
        self._seen: int | None = None
        self._looking: anyio.Event | None = None

    def ring(self) -> None:
        """Count what this process has committed itself."""
        self.count += 1

    async def news(self, since: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once more than `since` were counted, or after some seconds."""
        with anyio.move_on_after(seconds):
            while self.count == since:
                if self._looking is None:
                    await self._look_for_all()
                else:
                    await self._looking.wait()

    async def _look_for_all(self) -> None:
        """Look once; whoever else waits goes on afterwards, also where this is cancelled."""
        self._looking = done = anyio.Event()
        try:
            await anyio.sleep(POLL_SECONDS)
            seen = await self._look()
            if seen != self._seen:
                self._seen = seen
                self.count += 1
        finally:
            self._looking = None
            done.set()
