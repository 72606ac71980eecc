"""Upkeep: what the dead left behind is saved, ended, given back and swept away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize import log, queue
from deputize.errors import DeputizeError, LeaseLost
from deputize.gate.questions import withdraw_moot
from deputize.git.repository import sweep
from deputize.model.outcome import Outcome
from deputize.store import attempts, tasks, workers
from deputize.worker import stale_sessions
from deputize.worker.clearing import attempt_as_it_is, save_leftovers, sweep_pins, sweep_workspaces
from deputize.workshop import aside
from deputize.workspace.doorbell import sweep_bells
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.environment import attempt_marker
from deputize.workspace.processes.identity import ProcessIdentity, is_gone
from deputize.workspace.processes.reaper import Reaper, end_orphans
from deputize.workspace.worktree import empty_trash

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.worker import Worker
    from deputize.workshop import Workshop

ROUND_SECONDS = 5.0
_reaper = Reaper()


async def keep_up(shop: Workshop, in_hand: Callable[[int], bool]) -> None:
    """Do a round at once, and then every few seconds.

    `in_hand` tells whether this worker has an attempt in hand.
    """
    await aside(clean_up, shop)
    swept_until, look_at = None, shop.now()
    while True:
        try:
            await one_round(shop, in_hand)
            swept_until = await sweep_pins(shop, swept_until)
            if look_at <= shop.now():
                look_at = shop.now() + stale_sessions.EVERY
                await aside(stale_sessions.forget_stale, shop)
        except (DeputizeError, OSError) as error:
            log.get("upkeep").warning("round failed", error=str(error))
        await shop.bells.wait(ROUND_SECONDS)


async def one_round(shop: Workshop, in_hand: Callable[[int], bool]) -> None:
    """Rescue what dead workers held, note their death, sweep, and let go of what is moot."""
    for attempt in await shop.in_store(_orphaned, shop, in_hand):
        with log.bound(task=attempt.task, attempt=attempt.number):
            await rescue(shop, attempt)
    await shop.in_store(_bury, shop)
    await shop.in_store(queue.shorten, shop.database, shop.now())
    await shop.in_store(queue.withdraw_over, shop.database, shop.now())
    sweep_bells(shop.home.run)
    await sweep_workspaces(shop)
    if await aside(_withdraw_moot, shop):
        shop.bells.ring()
    _reaper.reap_zombies()
    await aside(end_orphans)


def _withdraw_moot(shop: Workshop) -> int:
    return withdraw_moot(shop.database, shop.home, by="upkeep", now=shop.now())


def clean_up(shop: Workshop) -> None:
    """Remove what killed processes had begun to write or to delete; once, at the start."""
    try:
        sweep(shop.home.repos)
        empty_trash(shop.home.workspaces)
    except OSError as error:
        log.get("upkeep").warning("not cleaned up", error=str(error))


def _orphaned(shop: Workshop, in_hand: Callable[[int], bool]) -> list[Attempt]:
    """Return open attempts whose worker is certainly dead, or whose lease has run out.

    Among the latter may be our own: those whose end could not be written when it came. Those of
    another machine's repositories are left to the workers there: the work is there too.
    """
    now = shop.now()
    with shop.database.read() as transaction:
        open_attempts = attempts.unfinished(transaction)
        if not open_attempts:
            return []
        known = {worker.id: worker for worker in workers.live(transaction)}
        ours = [
            attempt
            for attempt in open_attempts
            if tasks.get(transaction, attempt.task).host in {None, shop.worker.host}
        ]
    return [
        attempt
        for attempt in ours
        if not in_hand(attempt.id) and _is_orphaned(attempt, known.get(attempt.worker), now)
    ]


def _is_orphaned(attempt: Attempt, worker: Worker | None, now: datetime) -> bool:
    if worker is None or is_gone(ProcessIdentity.parse(worker.identity)):
        return True
    return attempt.lease_expires_at <= now


async def rescue(
    shop: Workshop,
    orphan: Attempt,
    outcome: Outcome = Outcome.WORKER_LOST,
    error: str = "its worker died while it ran",
) -> None:
    """Close an attempt that nobody sees to: end its processes, save its work, move its task on.

    Where its processes can't be ended the task is not given to anybody else.
    """
    attempt = await shop.in_store(attempt_as_it_is, shop, orphan.id)
    roots = [ProcessIdentity.parse(text) for text in attempt.processes]
    try:
        await aside(end_tree_blocking, attempt_marker(attempt.token), roots)
    except DeputizeError as problem:
        log.get("upkeep").error("can't end the agent of a lost worker", error=problem.message)
        return
    saved = await save_leftovers(shop, attempt)
    ending = queue.Ending(
        outcome=outcome,
        error=error,
        session=attempt.session,
        saved_ref=saved,
        usage=attempt.usage,
        tools=attempt.tools,
    )
    try:
        await shop.in_store(queue.finish, shop.database, attempt, ending, shop.now())
    except LeaseLost as problem:
        # Somebody else was quicker, or the worker lived after all and finished: both are fine.
        log.get("upkeep").info("rescue not needed", error=problem.message)
    except DeputizeError as problem:
        log.get("upkeep").warning("rescue failed; it is tried again", error=problem.message)
    shop.bells.ring()


def _bury(shop: Workshop) -> None:
    """Note the death of workers that hold nothing any more."""
    with shop.database.read() as transaction:
        dead = [
            worker
            for worker in workers.live(transaction)
            if is_gone(ProcessIdentity.parse(worker.identity))
        ]
    for worker in dead:
        with shop.database.write() as transaction:
            if not attempts.of_worker(transaction, worker.id):
                workers.stop(transaction, worker.id, shop.now(), lost=True)
