"""Upkeep: what the dead left behind is saved, ended, given back and swept away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize import log, queue
from deputize.agents.command.files import sweep as sweep_files
from deputize.config.dotenv import read_variables
from deputize.errors import DeputizeError, LeaseLost
from deputize.gate.questions import withdraw_moot
from deputize.git.repository import sweep
from deputize.model.outcome import Outcome
from deputize.store import attempts, tasks, workers
from deputize.worker import stale_sessions
from deputize.worker.asking import expire
from deputize.worker.clearing import attempt_as_it_is, save_leftovers, sweep_pins, sweep_workspaces
from deputize.workshop import aside
from deputize.workspace.doorbell import sweep_bells
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.environment import attempt_marker, pool_marker
from deputize.workspace.processes.identity import ProcessIdentity, is_gone
from deputize.workspace.processes.reaper import Reaper, end_orphans
from deputize.workspace.processes.shared import end_attempt_in
from deputize.workspace.sandbox.shelter import sweep_boxes
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
    for worker in await shop.in_store(_dead, shop):
        await _bury(shop, worker)
    await shop.in_store(queue.shorten, shop.database, shop.now())
    await shop.in_store(queue.withdraw_over, shop.database, shop.now())
    if await shop.in_store(expire, shop.database, shop.now()):
        shop.bells.ring()
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
    _sweep_files(shop)


def _sweep_files(shop: Workshop) -> None:
    """Remove the files of runs whose worker was killed, prompts among them, and of sandboxes."""
    try:
        sweep_boxes()
        sweep_files(read_variables(shop.home).all)
    except (DeputizeError, OSError) as error:
        log.get("upkeep").warning("files of runs not swept", error=str(error))


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
    shared = await shop.in_store(_serving_others, shop, attempt)
    roots = [ProcessIdentity.parse(each) for each in attempt.processes if each not in shared]
    try:
        await aside(end_tree_blocking, attempt_marker(attempt.token), roots)
        for each in shared.intersection(attempt.processes):
            await aside(_end_within, each, attempt)
    except DeputizeError as problem:
        log.get("upkeep").error("can't end the agent of a lost worker", error=problem.message)
        return
    await aside(_sweep_files, shop)
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


def _end_within(program: str, attempt: Attempt) -> None:
    """End what an attempt has started in a program that goes on for others."""
    if attempt.workspace is not None:
        identity, pool = ProcessIdentity.parse(program), pool_marker(attempt.worker)
        end_attempt_in(identity, pool, attempt_marker(attempt.token), Path(attempt.workspace))


def _serving_others(shop: Workshop, orphan: Attempt) -> set[str]:
    """Return the processes that serve attempts of live workers, who go on with them."""
    now = shop.now()
    with shop.database.read() as transaction:
        known = {worker.id: worker for worker in workers.live(transaction)}
        others = [each for each in attempts.unfinished(transaction) if each.id != orphan.id]
    served = [each for each in others if not _is_orphaned(each, known.get(each.worker), now)]
    return {process for each in served for process in each.processes}


def _dead(shop: Workshop) -> list[Worker]:
    """Return workers that are certainly dead, and not noted as such."""
    with shop.database.read() as transaction:
        return [
            worker
            for worker in workers.live(transaction)
            if is_gone(ProcessIdentity.parse(worker.identity))
        ]


async def _bury(shop: Workshop, dead: Worker) -> None:
    """End the programs that a dead worker's attempts shared, and note its death.

    None of its attempts may have been open any more, so that none is rescued.
    """
    try:
        await aside(end_tree_blocking, pool_marker(dead.id))
    except DeputizeError as problem:
        log.get("upkeep").error("can't end what a lost worker shared", error=problem.message)
        return
    await shop.in_store(_note_death, shop, dead)


def _note_death(shop: Workshop, dead: Worker) -> None:
    """Note the death of a worker that holds nothing any more."""
    with shop.database.write() as transaction:
        if not attempts.of_worker(transaction, dead.id):
            workers.stop(transaction, dead.id, shop.now(), lost=True)
