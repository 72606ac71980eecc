"""Sessions that nobody has used for long are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deputize import log
from deputize.agents.forgetting import forget
from deputize.config.load import load_config
from deputize.errors import DeputizeError
from deputize.store import sessions

if TYPE_CHECKING:
    from deputize.workshop import Workshop

EVERY = timedelta(minutes=10)
"""How often it is looked for them."""


def forget_stale(shop: Workshop) -> int:
    """Forget sessions that are older than the settings say; return how many."""
    kept = load_config(shop.home.config).retention.sessions_seconds
    if not kept:
        return 0
    before = shop.now() - timedelta(seconds=kept)
    with shop.database.read() as transaction:
        found = sessions.stale(transaction, before, shop.worker.host)
    gone = 0
    for session in found:
        try:
            gone += forget(
                shop.database, shop.home, session, actor="upkeep", why="stale", now=shop.now()
            )
        except DeputizeError as error:
            why = error.message
            log.get("upkeep").warning("session stays", session=session.token, why=why)
    return gone
