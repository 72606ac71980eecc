"""The station that prunes by itself, at quiet times, under the lease `retention`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import anyio

from deputize import log
from deputize.archive.choosing import cutoffs_of
from deputize.archive.pruning import Pruning, prune
from deputize.config.load import load_config
from deputize.errors import DeputizeError, NotYet
from deputize.model.states import TaskState
from deputize.store import archives, tasks
from deputize.workshop import aside, held_lease

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.model.archive import Archive
    from deputize.workshop import Workshop

LOOK_SECONDS = 3600.0
FIRST_LOOK_SECONDS = 60.0
"""How long a worker that starts has other things to do."""
PAUSE_SECONDS = 0.2
"""How long it rests between two files."""
EVERY = timedelta(hours=20)
"""No sooner is there another file: one a day is enough."""
AT_LATEST = timedelta(days=2)
"""After that it isn't put off any longer because work goes on."""
BUSY = frozenset({TaskState.QUEUED, TaskState.RUNNING, TaskState.LANDING})


async def prune_forever(shop: Workshop) -> None:
    """Prune about once a day, whenever no other process does."""
    await anyio.sleep(FIRST_LOOK_SECONDS)
    while True:
        try:
            if await shop.in_store(is_time, shop):
                await prune_once(shop)
        except (DeputizeError, OSError) as error:
            log.get("archive").warning("not pruned", error=str(error))
        await anyio.sleep(LOOK_SECONDS)


def is_time(shop: Workshop) -> bool:
    """Tell whether the last file is old enough, and nothing is at work or it is very old."""
    with shop.database.read() as transaction:
        latest = archives.latest(transaction)
        is_quiet = not BUSY.intersection(tasks.counts(transaction))
    age = None if latest is None else shop.now() - latest
    return (age is None or age > EVERY) and (is_quiet or age is None or age > AT_LATEST)


async def prune_once(shop: Workshop) -> None:
    """Prune what may go, unless somebody else is at it."""
    cutoffs = cutoffs_of(load_config(shop.home.config).retention, shop.now())
    pruning = Pruning(
        database=shop.database,
        home=shop.home,
        clock=shop.clock,
        cutoffs=cutoffs,
        actor=f"worker:{shop.worker.id}",
    )
    async with held_lease(shop, "retention") as token:
        if token is None:
            return
        steps = prune(pruning)
        try:
            while (made := await aside(_next, steps)) is not None:
                log.get("archive").info("archived", file=made.file, counts=dict(made.counts))
                await anyio.sleep(PAUSE_SECONDS)
        except NotYet as error:
            log.get("archive").info("not pruned", why=error.message)


def _next(steps: Iterator[Archive]) -> Archive | None:
    return next(steps, None)
