"""The merge queue: each change in turn, from proposal to the branch, safe to interrupt anywhere.

What is written before a step is enough to repeat it: a candidate is made again from the same tip to
the same commit, a branch that has moved already is recognised, and only then is the row written.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deputize import log
from deputize.errors import DeputizeError
from deputize.landing import records
from deputize.landing.advance import advance_change
from deputize.model.states import ChangeState
from deputize.store import changes, tasks, workers
from deputize.workshop import held_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.model.change import Change
    from deputize.workshop import Workshop

ROUND_SECONDS = 2.0
WAIT_SECONDS = 5.0
"""How long a change that has to wait (for a checkout, for a person) is left alone."""


async def land_forever(shop: Workshop) -> None:
    """Land what is proposed, one change at a time for each target."""
    resting: dict[int, datetime] = {}
    while True:
        moved = False
        try:
            for change in await shop.in_store(_ready, shop, resting):
                moved = await _turn(shop, change, resting) or moved
        except DeputizeError as error:
            log.get("landing").warning("round failed", error=error.message)
        if not moved:
            await shop.bells.wait(ROUND_SECONDS)


def _ready(shop: Workshop, resting: dict[int, datetime]) -> list[Change]:
    """Return the first change of each target that is not asked about and not at rest."""
    now = shop.now()
    with shop.database.read() as transaction:
        waiting = changes.unsettled(transaction)
        return [
            change
            for change in waiting
            if resting.get(change.id, now) <= now
            and (
                change.state is not ChangeState.AWAITING_APPROVAL
                or tasks.get(transaction, change.task).cancel_requested
            )
        ]


async def _turn(shop: Workshop, change: Change, resting: dict[int, datetime]) -> bool:
    """Give one change its turn under the target's lease; tell whether it got anywhere."""
    name = f"landing:{change.git_dir}:{change.target}"
    async with held_lease(shop, name) as token:
        if token is None:
            return False
        log.bind(change=change.id, task=change.task)
        try:
            done = await advance_change(shop, change.id, _fence(shop, name, token))
        except DeputizeError as error:
            log.get("landing").warning("change has to wait", error=error.message)
            await shop.in_store(_note_problem, shop, change.id, error.message)
            done = False
    if not done:
        resting[change.id] = shop.now() + timedelta(seconds=WAIT_SECONDS)
    shop.bells.ring()
    return done


def _note_problem(shop: Workshop, change_id: int, message: str) -> None:
    with shop.database.read() as transaction:
        change = changes.get(transaction, change_id)
    if change.settled_at is None and change.reason != message:
        state = change.state
        kind = f"change.{state}"
        records.step(
            shop.database, change, state, shop.now(), kind=kind, reason=message,
            body={"reason": message},
        )  # fmt: skip


def _fence(shop: Workshop, name: str, token: str) -> Callable[[], bool]:
    def holds() -> bool:
        with shop.database.read() as transaction:
            return workers.holds_lease(transaction, name, token, shop.now())

    return holds
