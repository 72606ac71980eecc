"""A worker: claims tasks while it has free slots, keeps its leases alive, and drains when asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio

from deputize import log, queue
from deputize.errors import DeputizeError
from deputize.model.attempt import HEARTBEAT_SECONDS, LEASE_SECONDS
from deputize.model.outcome import Outcome
from deputize.model.race import Turn
from deputize.model.rules import NO_RULES
from deputize.model.states import ChangeState
from deputize.store import approvals, attempts, barriers, changes, races, tasks
from deputize.worker.attempt import run_attempt
from deputize.worker.full_disk import is_passing
from deputize.worker.liveness import observe
from deputize.worker.rules import rules_in_force
from deputize.worker.running import Stop
from deputize.worker.turnstile import Room, Turnstile
from deputize.worker.upkeep import rescue

if TYPE_CHECKING:
    from datetime import datetime

    from anyio.abc import TaskGroup

    from deputize.agents.pool.pool import Pool
    from deputize.queue import Claim
    from deputize.worker.liveness import Liveness
    from deputize.worker.running import Running
    from deputize.workshop import Workshop

POLL_SECONDS = 5.0
"""How often it looks for itself, should a doorbell have been missed."""


@dataclass(slots=True, kw_only=True)
class Floor:
    """What a worker has in hand. Only the event loop touches it."""

    pool: Pool
    """The programs that its agents share."""
    claims: dict[int, Claim] = field(default_factory=dict)
    runs: dict[int, Running] = field(default_factory=dict)
    ended: Counter[Outcome] = field(default_factory=Counter)
    """How the attempts ended that it had in hand."""
    draining: bool = False
    idle: anyio.Event = field(default_factory=anyio.Event)
    """Set once it drains and has nothing in hand."""
    closing: anyio.Event = field(default_factory=anyio.Event)
    """Set once it drains."""
    hurried: anyio.Event = field(default_factory=anyio.Event)
    """Set once it is told to end at once."""

    @property
    def lives(self) -> dict[int, Liveness]:
        """What is followed of the runs whose agents have begun."""
        return {each: run.liveness for each, run in self.runs.items() if run.liveness is not None}

    def halt(self, attempt: int, why: Stop) -> None:
        """Stop one attempt."""
        if attempt in self.runs:
            self.runs[attempt].halt(why)

    def halt_all(self, why: Stop) -> None:
        """Stop everything."""
        for attempt in list(self.runs):
            self.halt(attempt, why)

    def stop(self) -> None:
        """Stop everything, and wait for nothing more."""
        self.hurried.set()
        self.halt_all(Stop.WORKER_STOPPED)

    def drain(self) -> None:
        """Take no more; be idle once nothing is left."""
        self.draining = True
        self.closing.set()
        if not self.claims:
            self.idle.set()


async def work(shop: Workshop, floor: Floor) -> None:
    """Claim and run until drained, and what that came to has landed: then return."""
    async with anyio.create_task_group() as group:
        group.start_soon(keep_alive, shop, floor)
        group.start_soon(floor.pool.tend)
        group.start_soon(_claim_forever, shop, floor, group)
        await floor.idle.wait()
        await floor.pool.drain()
        await _until_landed(shop, floor)
        group.cancel_scope.cancel()


async def _until_landed(shop: Workshop, floor: Floor) -> None:
    """Return once no change of ours goes on by itself any more, or all is to end at once."""
    async with anyio.create_task_group() as group:
        group.start_soon(_hurry, floor, group.cancel_scope)
        while await _is_landing(shop):
            await shop.bells.wait(POLL_SECONDS)
        group.cancel_scope.cancel()


async def _hurry(floor: Floor, scope: anyio.CancelScope) -> None:
    await floor.hurried.wait()
    scope.cancel()


async def _is_landing(shop: Workshop) -> bool:
    try:
        return await shop.in_store(_has_moving_change, shop)
    except DeputizeError:
        return True


def _has_moving_change(shop: Workshop) -> bool:
    """Tell whether a change that was made here goes on without a person's doing."""
    with shop.database.read() as transaction:
        return any(
            attempts.get(transaction, change.attempt).worker == shop.worker.id
            and change.state is not ChangeState.AWAITING_APPROVAL
            and change.reason is None
            and not approvals.unanswered_of_task(transaction, change.task)
            and races.turn(transaction, change) is not Turn.WAIT
            for change in changes.unsettled(transaction)
        )


async def _claim_forever(shop: Workshop, floor: Floor, group: TaskGroup) -> None:
    def begin(claim: Claim) -> None:
        floor.claims[claim.attempt.id] = claim
        group.start_soon(_run, shop, floor, claim, turnstile)

    # The slot of an attempt that ends goes to the next task at once.
    turnstile = Turnstile(shop=shop, room=partial(_room, shop, floor), begin=begin)
    while True:
        while not floor.draining and len(floor.claims) < shop.worker.slots:
            claims = await _claim(shop, shop.worker.slots - len(floor.claims))
            for claim in claims:
                begin(claim)
            if not claims:
                break
        await shop.bells.tasks.wait(await _pause(shop, floor))


def _room(shop: Workshop, floor: Floor, leaving: int) -> Room:
    """Say how many tasks may be taken once some have left, and under which rules."""
    free = shop.worker.slots - len(floor.claims) + leaving
    try:
        rules = rules_in_force(shop.home.config)
    except DeputizeError:
        return Room(0, NO_RULES)
    return Room(0 if floor.draining else max(free, 0), rules)


async def _claim(shop: Workshop, count: int) -> list[Claim]:
    try:
        rules = rules_in_force(shop.home.config)
        return await shop.in_store(
            queue.claim_several, shop.database, shop.worker, count, shop.now(), rules
        )
    except DeputizeError as error:
        log.get("worker").warning("claim failed", error=error.message)
        return []


async def _pause(shop: Workshop, floor: Floor) -> float:
    """Return how long to sleep: until a task may start or a limit ends, and never long."""
    if floor.draining or len(floor.claims) >= shop.worker.slots:
        return POLL_SECONDS
    now = shop.now()
    try:
        start = await shop.in_store(_next_start, shop)
    except DeputizeError:
        return POLL_SECONDS
    return (
        POLL_SECONDS if start is None else min(POLL_SECONDS, (start - now).total_seconds() + 0.01)
    )


def _next_start(shop: Workshop) -> datetime | None:
    now = shop.now()
    with shop.database.read() as transaction:
        found = (tasks.next_start(transaction, now), barriers.next_opening(transaction, now))
    return min((at for at in found if at), default=None)


async def _run(shop: Workshop, floor: Floor, claim: Claim, turnstile: Turnstile) -> None:
    """Run one attempt; whatever goes wrong in it stays in it."""
    log.bind(task=claim.task.id, attempt=claim.attempt.number)
    log.get("worker").info("attempt begins", role=claim.task.role, agent=claim.task.agent)
    try:
        await run_attempt(
            shop,
            claim,
            lambda running: floor.runs.update({claim.attempt.id: running}),
            turnstile,
            floor.pool,
        )
    except Exception as error:  # noqa: BLE001 - one attempt must not bring the others down
        log.get("worker").error("attempt broke", error=repr(error))
        await _close_broken(shop, claim, error)
    finally:
        await _count(shop, floor, claim)
        floor.claims.pop(claim.attempt.id, None)
        floor.runs.pop(claim.attempt.id, None)
        if floor.draining and not floor.claims:
            floor.idle.set()
        shop.bells.ring()


async def _count(shop: Workshop, floor: Floor, claim: Claim) -> None:
    """Note how an attempt ended, for whoever watches; what can't be read now is not counted."""

    def look() -> Outcome | None:
        with shop.database.read() as transaction:
            return attempts.get(transaction, claim.attempt.id).outcome

    with anyio.CancelScope(shield=True):
        try:
            outcome = await shop.in_store(look)
        except DeputizeError:
            return
    if outcome:
        floor.ended[outcome] += 1
        log.get("worker").info("attempt has ended", outcome=outcome)


async def _close_broken(shop: Workshop, claim: Claim, error: Exception) -> None:
    """End an attempt that a mistake of ours broke; where even that fails, its lease runs out."""
    message = f"deputize could not go on with it: {error!r}"
    # A store or a disk that had no room for a moment is no try that failed.
    outcome = Outcome.WORKER_LOST if is_passing(error) else Outcome.AGENT_CRASHED
    try:
        with anyio.CancelScope(shield=True):
            await rescue(shop, claim.attempt, outcome, message)
    except Exception as problem:  # noqa: BLE001 - the worker has others to see to
        log.get("worker").error("a broken attempt stays open", error=repr(problem))


async def keep_alive(shop: Workshop, floor: Floor) -> None:
    """Renew the leases every few seconds, and hear of cancellations at every ring."""
    renewed_at = anyio.current_time()
    while True:
        try:
            held = [claim.attempt for claim in floor.claims.values()]
            seen = await observe(floor.lives)
            asked = (shop.database, shop.worker.id, held, shop.now(), seen)
            pulse = await shop.in_store(queue.beat, *asked)
            renewed_at = anyio.current_time()
            _obey(floor, pulse)
        except DeputizeError as error:
            log.get("worker").warning("heartbeat failed", error=error.message)
            if anyio.current_time() - renewed_at > LEASE_SECONDS:
                floor.halt_all(Stop.LEASE_LOST)
        await _until_next_beat(shop, floor)


def _obey(floor: Floor, pulse: queue.Pulse) -> None:
    for attempt in pulse.lost:
        floor.halt(attempt, Stop.LEASE_LOST)
    for attempt in pulse.cancelled:
        floor.halt(attempt, Stop.CANCELLED)
    if pulse.draining or pulse.given_up:
        floor.drain()


async def _until_next_beat(shop: Workshop, floor: Floor) -> None:
    """Sleep until the next heartbeat is due, or somebody asks for something."""
    with anyio.move_on_after(HEARTBEAT_SECONDS):
        while True:
            await shop.bells.wait(HEARTBEAT_SECONDS)
            if await _is_wanted(shop, floor):
                return


async def _is_wanted(shop: Workshop, floor: Floor) -> bool:
    """Tell whether a cancellation or a drain waits, by a read that costs no commit."""

    def look() -> bool:
        with shop.database.read() as transaction:
            return queue.is_wanted(transaction, shop.worker.id, list(floor.claims))

    try:
        return await shop.in_store(look)
    except DeputizeError:
        return False
