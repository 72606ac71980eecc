"""What an agent uses while it works: written as it comes, and held against the budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from deputize import log, queue
from deputize.errors import DeputizeError, LeaseLost
from deputize.worker.running import Stop

if TYPE_CHECKING:
    from deputize.model.budget import Budgets, Standing
    from deputize.worker.running import Running

REST_SECONDS = 1.0
"""How long it rests after a write: what is told meanwhile is written together."""


async def meter(running: Running, budgets: Budgets) -> None:
    """Write what a run uses, and stop it once an account that it spends on is used up."""
    while True:
        await running.used.wait()
        running.used = anyio.Event()
        try:
            spent = await _spend(running, budgets)
        except LeaseLost:
            return  # heard of elsewhere
        except DeputizeError as error:
            log.get("worker").warning("usage not written", error=error.message)
            spent = None
        if spent is not None:
            running.spent = spent
            running.halt(Stop.BUDGET_SPENT)
            return
        await anyio.sleep(REST_SECONDS)


async def _spend(running: Running, budgets: Budgets) -> Standing | None:
    shop, attempt = running.steps.shop, running.steps.claim.attempt
    asked = (shop.database, attempt, running.usage, budgets, shop.now())
    return await shop.in_store(queue.spend, *asked)
