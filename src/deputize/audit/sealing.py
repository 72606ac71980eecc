"""The station that gives events their final order and chains them, under a lease of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize import log
from deputize.errors import DeputizeError
from deputize.model.attempt import HEARTBEAT_SECONDS
from deputize.store import chain
from deputize.workshop import held_lease

if TYPE_CHECKING:
    from deputize.workshop import Workshop

ROUND_SECONDS = 5.0
"""How often it looks for itself, should a bell have been missed."""


async def seal_forever(shop: Workshop) -> None:
    """Seal what happens, for as long as no other process does."""
    while True:
        try:
            async with held_lease(shop, "journal") as token:
                if token is not None:
                    await _seal_on(shop)
        except DeputizeError as error:
            log.get("sealing").warning("sealing failed", error=error.message)
        await shop.bells.wait(HEARTBEAT_SECONDS)


async def _seal_on(shop: Workshop) -> None:
    while True:
        if await shop.in_store(_seal, shop):
            shop.bells.ring()
        else:
            await shop.bells.wait(ROUND_SECONDS)


def _seal(shop: Workshop) -> int:
    """Seal a batch; looks first without a commit, so that idling costs nothing."""
    with shop.database.read() as transaction:
        if not chain.has_unsealed(transaction):
            return 0
    with shop.database.write() as transaction:
        return chain.seal(transaction)
