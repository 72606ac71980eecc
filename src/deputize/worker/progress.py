"""How a worker gets on, told every few seconds to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import anyio

from deputize.errors import DeputizeError
from deputize.model.outcome import Outcome
from deputize.store import stats, tasks
from deputize.store.line import oldest_ready

if TYPE_CHECKING:
    from deputize.worker.worker import Floor
    from deputize.workshop import Workshop


class Progress(NamedTuple):
    """How things stand: this worker's own work, and the queue that it works on."""

    done: int
    """Attempts of this worker that succeeded; those below are attempts too."""
    failed: int
    running: int
    queued: int
    """Tasks that wait in the queue, for any worker."""
    leases: int
    """Open attempts of all workers."""
    oldest_ready_seconds: int
    """How long the task that waits longest could have been taken already."""

    @property
    def line(self) -> str:
        """Write it as `key=value`."""
        return " ".join(f"{name}={value}" for name, value in self._asdict().items())


Tell = Callable[[Progress], None]


async def report_forever(shop: Workshop, floor: Floor, every_seconds: float, tell: Tell) -> None:
    """Tell how things stand, every so many seconds, where anything has changed."""
    last: Progress | None = None
    while True:
        with suppress(DeputizeError):
            found = await shop.in_store(_look, shop, floor)
            if last is None or _still(found) != _still(last):
                tell(found)
                last = found
        await anyio.sleep(every_seconds)


def _still(progress: Progress) -> Progress:
    """Leave out what changes by itself."""
    return progress._replace(oldest_ready_seconds=0)


def _look(shop: Workshop, floor: Floor) -> Progress:
    now = shop.now()
    with shop.database.read() as transaction:
        counts = tasks.counts(transaction)
        oldest = oldest_ready(transaction, now)
        leases = sum(load.busy for load in stats.loads(transaction))
    done = floor.ended[Outcome.SUCCEEDED]
    return Progress(
        done=done,
        failed=sum(floor.ended.values()) - done,
        running=len(floor.claims),
        queued=sum(count for state, count in counts.items() if state == "queued"),
        leases=leases,
        oldest_ready_seconds=0 if oldest is None else int((now - oldest).total_seconds()),
    )
