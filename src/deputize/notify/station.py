"""The station that delivers, under the lease `outbox`, for as long as it is let.

One loop looks what is new and rings the bells of the channels that something is due to. Each
channel answers its bell in a loop of its own, so that a slow one holds up nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import anyio

from deputize import log
from deputize.errors import DeputizeError, StoreUnavailable
from deputize.model.attempt import HEARTBEAT_SECONDS
from deputize.notify.outbox import Outbox, deliver_due, due_channels, fan_out, give_up
from deputize.workshop import held_lease

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.notify.channels import Channel
    from deputize.workshop import Workshop

Wait = Callable[[float], Awaitable[None]]
"""Returns when there may be something new, at the latest after so many seconds."""

LEASE = "outbox"
POLL_SECONDS = 5.0
PAUSE_SECONDS = 5.0
"""How long a loop rests when the store can't be reached."""


class Bell:
    """Rung by one loop, heard by another; rings while nobody listens count once."""

    def __init__(self) -> None:
        """Hang it up, silent."""
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake the loop that listens, or the next to listen."""
        self._rung.set()

    async def heard(self) -> None:
        """Wait for a ring."""
        await self._rung.wait()
        self._rung = anyio.Event()


async def notify_forever(shop: Workshop, channels: Sequence[Channel]) -> None:
    """Deliver whenever no other process holds the lease."""
    outbox = Outbox(database=shop.database, channels=channels, clock=shop.clock, turn=shop.turn)
    while True:
        try:
            async with held_lease(shop, LEASE) as token:
                if token is not None:
                    await deliver_forever(outbox, shop.bells.wait)
        except* DeputizeError as errors:
            log.get("notify").warning("delivery failed", error=str(errors.exceptions[0]))
            await anyio.sleep(PAUSE_SECONDS)
        await shop.bells.wait(HEARTBEAT_SECONDS)


async def deliver_forever(outbox: Outbox, wait: Wait = anyio.sleep) -> None:
    """Deliver until cancelled; only the holder of the lease may call this.

    `wait` ends early when something may have happened; without it, the station looks now and then.
    Raises StoreError where the store is broken; where it is only busy or full, it goes on later.
    """
    bells = {channel.name: Bell() for channel in outbox.channels}
    async with anyio.create_task_group() as group:
        for channel in outbox.channels:
            group.start_soon(_serve, outbox, channel, bells[channel.name])
        await _look(outbox, bells, wait)


async def _look(outbox: Outbox, bells: Mapping[str, Bell], wait: Wait) -> None:
    while True:
        try:
            for name in await outbox.in_store(partial(_take_in, outbox)):
                if name in bells:
                    bells[name].ring()
                else:
                    reason = "no such channel is configured"
                    await outbox.in_store(partial(give_up, outbox, name, reason))
        except StoreUnavailable as error:
            log.get("notify").warning("the store can't be reached", error=error.message)
            await anyio.sleep(PAUSE_SECONDS)
        await wait(POLL_SECONDS)


def _take_in(outbox: Outbox) -> set[str]:
    fan_out(outbox.database, outbox.channels, outbox.clock.now())
    return due_channels(outbox)


async def _serve(outbox: Outbox, channel: Channel, bell: Bell) -> None:
    told: set[int] = set()
    while True:
        await bell.heard()
        try:
            await deliver_due(outbox, channel, told)
        except* StoreUnavailable:
            log.get("notify").warning("a delivery could not be noted", channel=channel.name)
            await anyio.sleep(PAUSE_SECONDS)
