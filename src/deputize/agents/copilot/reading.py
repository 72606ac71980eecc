"""How far the SDK reads ahead of those who listen.

It reads in a thread of its own and hands everything to the event loop, however much waits there:
what a command prints without end would fill memory. Here it waits until what it has handed over is
worked off, so that the runtime's pipe fills instead, and the runtime waits too.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from copilot import CopilotClient

MOST_AHEAD = 64
"""How many notifications may wait to be heard."""
LOOK_SECONDS = 0.05
"""How soon a reader that waits sees that it is to stop."""


def hold_back(client: CopilotClient) -> None:
    """Let the SDK of a started client read no further ahead than MOST_AHEAD notifications.

    This leans on how version 1.0.25 is made inside; the suite of all agents shows that it holds.
    """
    connection: Any = client._client  # noqa: SLF001 - there is no public way
    take = connection._handle_message  # noqa: SLF001
    room = BoundedSemaphore(MOST_AHEAD)

    def handle(message: Mapping[str, object]) -> None:
        is_notification = "method" in message and "id" not in message
        if is_notification and not _has_room(room, connection):
            return
        take(message)
        if is_notification:
            # The loop works off in order: this comes after what was just handed over.
            connection._loop.call_soon_threadsafe(room.release)  # noqa: SLF001

    connection._handle_message = handle  # noqa: SLF001


def _has_room(room: BoundedSemaphore, connection: Any) -> bool:  # noqa: ANN401 - see above
    """Wait for room; tell that there is none where the connection was closed meanwhile."""
    while not room.acquire(timeout=LOOK_SECONDS):
        if not connection._running:  # noqa: SLF001
            return False
    return True
