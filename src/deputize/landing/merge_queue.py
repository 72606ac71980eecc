"""The merge queue: each change in turn, from proposal to the branch, safe to interrupt anywhere.

What is written before a step is enough to repeat it: a candidate is made again from the same tip to
the same commit, a branch that has moved already is recognised, and only then is the row written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from deputize import log
from deputize.errors import DeputizeError
from deputize.landing import records
from deputize.landing.advance import advance_change
from deputize.landing.diary import tell_end
from deputize.landing.tidy import clear_landing, sweep_landings
from deputize.model.race import Turn
from deputize.model.states import ChangeState
from deputize.store import approvals, changes, races, tasks, workers
from deputize.workshop import aside, held_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.model.change import Change
    from deputize.store.database import Transaction
    from deputize.workshop import Workshop

ROUND_SECONDS = 5.0
TAKE_OVER_SECONDS = 1.0
"""How often it looks whether another process has let go of a branch."""
WAIT_SECONDS = 1.0
"""How long a change that has to wait (for a checkout, for a person) is left alone at first."""
LONGEST_WAIT_SECONDS = 15.0
"""What that is doubled to, look by look."""
SWEEP_SECONDS = 60.0
"""How often it looks for what killed workers have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A change is left alone for a while."""

    until: datetime
    seconds: float
    asked: bool
    """A person has been asked about it: it goes on as soon as there is an answer."""


async def land_forever(shop: Workshop) -> None:
    """Land what is proposed, one change at a time for each target."""
    resting: dict[int, Rest] = {}
    swept_at = -math.inf
    while True:
        moved = False
        ready: list[Change] = []
        if anyio.current_time() - swept_at > SWEEP_SECONDS:
            await aside(sweep_landings, shop)
            swept_at = anyio.current_time()
        try:
            ready = await shop.in_store(_ready, shop, resting)
            for change in ready:
                moved = await _turn(shop, change, resting) or moved
        except (DeputizeError, OSError) as error:
            log.get("landing").warning("round failed", error=str(error))
            moved = False
        if not moved:
            await shop.bells.wait(_pause(ready, resting, shop.now()))


def _pause(ready: list[Change], resting: dict[int, Rest], now: datetime) -> float:
    """Return how long nothing can be taken further, unless a bell rings.

    What was ready and doesn't rest is in the hands of another process, which may have died.
    """
    if any(change.id not in resting for change in ready):
        return TAKE_OVER_SECONDS
    ends = ((rest.until - now).total_seconds() for rest in resting.values())
    return min((ROUND_SECONDS, *(end for end in ends if end > 0)))


def _ready(shop: Workshop, resting: dict[int, Rest]) -> list[Change]:
    """Return the changes, in the order in which they came, that can be taken further."""
    now = shop.now()
    with shop.database.read() as transaction:
        waiting = changes.unsettled(transaction)
        return [
            change
            for change in waiting
            if tasks.get(transaction, change.task).host in {None, shop.worker.host}
            and _is_ready(transaction, change, resting.get(change.id), now)
        ]


def _is_ready(transaction: Transaction, change: Change, rest: Rest | None, now: datetime) -> bool:
    if tasks.get(transaction, change.task).cancel_requested:
        return True
    if change.state is ChangeState.AWAITING_APPROVAL:
        return False
    if races.turn(transaction, change) is Turn.WAIT:
        return False
    if rest is None or rest.until <= now:
        return True
    return rest.asked and not approvals.unanswered_of_task(transaction, change.task)


async def _turn(shop: Workshop, change: Change, resting: dict[int, Rest]) -> bool:
    """Give one change its turn under the target's lease; tell whether it got anywhere."""
    with log.bound(change=change.id, task=change.task):
        return await _under_lease(shop, change, resting)


async def _under_lease(shop: Workshop, change: Change, resting: dict[int, Rest]) -> bool:
    name = f"landing:{change.git_dir}:{change.target}"
    async with held_lease(shop, name) as token:
        if token is None:
            return False
        try:
            done = await advance_change(shop, change.id, _fence(shop, name, token))
        except Exception as error:  # noqa: BLE001 - one change must not keep the others waiting
            message = getattr(error, "message", repr(error))
            log.get("landing").warning("change has to wait", error=message)
            await shop.in_store(_note_problem, shop, change.id, message)
            done = False
        before = resting.pop(change.id, None)
        if not done:
            resting[change.id] = await shop.in_store(_rest, shop, change, before)
        with anyio.CancelScope(shield=True):
            await _clear_if_settled(shop, change)
    shop.bells.ring()
    return done


def _rest(shop: Workshop, change: Change, before: Rest | None) -> Rest:
    with shop.database.read() as transaction:
        asked = bool(approvals.unanswered_of_task(transaction, change.task))
    seconds = min(before.seconds * 2, LONGEST_WAIT_SECONDS) if before else WAIT_SECONDS
    return Rest(until=shop.now() + timedelta(seconds=seconds), seconds=seconds, asked=asked)


def _current(shop: Workshop, change_id: int) -> Change:
    with shop.database.read() as transaction:
        return changes.get(transaction, change_id)


async def _clear_if_settled(shop: Workshop, change: Change) -> None:
    """Take away what the landing needed; what can't be now, the next sweep takes."""
    current = await shop.in_store(_current, shop, change.id)
    if current.settled_at is None:
        return
    await aside(tell_end, shop, current)
    try:
        await aside(clear_landing, shop, current)
    except (DeputizeError, OSError) as error:
        log.get("landing").info("not tidied", error=str(error))


def _note_problem(shop: Workshop, change_id: int, message: str) -> None:
    change = _current(shop, change_id)
    if change.settled_at is None and change.reason != message:
        records.block(shop.database, change, message, shop.now())


def _fence(shop: Workshop, name: str, token: str) -> Callable[[], bool]:
    def holds() -> bool:
        with shop.database.read() as transaction:
            return workers.holds_lease(transaction, name, token, shop.now())

    return holds
