"""Run the stations of one process in one task group, and drain when asked.

They are work, landing, upkeep, sealing, audit files, pruning and delivery.
"""

from __future__ import annotations

import fcntl
import math
import os
import random
import secrets
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import anyio

from deputize import log
from deputize.agents.pool.book import Bounds
from deputize.agents.pool.pool import Pool
from deputize.archive.station import prune_forever
from deputize.audit.sealing import seal_forever
from deputize.audit.station import write_files_forever
from deputize.clock import SystemClock
from deputize.config.dotenv import read_variables
from deputize.config.home import ensure
from deputize.config.load import load_config
from deputize.errors import ConfigError, DeputizeError, StoreUnavailable
from deputize.hooks.calling import callable_hooks
from deputize.landing.merge_queue import land_forever
from deputize.model.worker import Worker
from deputize.notify.channels import channels_of
from deputize.notify.station import notify_forever
from deputize.redaction.known import secrets_among
from deputize.store import chain, meta, tasks, workers
from deputize.store.opening import open_database, open_listener, shared_address
from deputize.worker.progress import Progress, Tell, report_forever
from deputize.worker.telemetry import TELEMETRY
from deputize.worker.upkeep import keep_up
from deputize.worker.worker import Floor, work
from deputize.workshop import Bells, Workshop, aside
from deputize.workspace.doorbell import Doorbell, ring
from deputize.workspace.processes.environment import pool_marker
from deputize.workspace.processes.identity import identify
from deputize.workspace.processes.reaper import become_subreaper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.config.home import Home
    from deputize.notify.channels import Channel
    from deputize.store.database import Database
    from deputize.store.postgres import Listener

__all__ = ["Progress", "Report", "run"]

RESTART_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
"""Between tries to listen again."""
FOLLOW_SECONDS = 0.02
"""How much later than who takes up tasks the other stations hear a ring."""
RING_SECONDS = 0.1
"""How long it says nothing after it has told the others of news."""
IDLE_EXIT_SECONDS = 600.0
"""How long a worker that started by itself stays without anything to do."""


class Report(NamedTuple):
    """To whom the worker tells how it gets on, and how often."""

    every_seconds: float
    tell: Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What this process was asked to do."""

    roles: tuple[str, ...]
    slots: int
    channels: tuple[Channel, ...]
    background: bool
    lock: int | None
    """The descriptor of the lock that keeps further background workers from starting."""
    report: Report | None
    bounds: Bounds


def run(
    home: Home,
    *,
    roles: tuple[str, ...] = (),
    slots: int | None = None,
    background: bool = False,
    report: Report | None = None,
) -> int:
    """Work until told to stop; return the exit code.

    SIGTERM or Ctrl-C drains: nothing new is claimed, what runs is finished and lands unless that
    needs a person. A second one stops.
    In the `background`, the process also ends by itself after a while without work.
    """
    ensure(home.path)
    ensure(home.run)
    lock = _lock(home) if background else None
    if background and lock is None:
        return 0
    log.configure(ensure(home.logs), "worker")
    log.hide(_secrets(home))
    config = load_config(home.config)
    callable_hooks(config.hooks)  # refused here and now where one never could be
    orders = Orders(
        roles=roles,
        slots=config.worker.slots if slots is None else slots,
        channels=channels_of(config.notify),
        background=background,
        lock=lock,
        report=report,
        bounds=Bounds(**config.pool._asdict()),
    )
    TELEMETRY.start(config.telemetry)
    database = open_database(home)
    try:
        become_subreaper()
        anyio.run(_run, home, database, orders)
    finally:
        database.close()
        TELEMETRY.close()
    return 0


def _secrets(home: Home) -> list[str]:
    """Return the secrets that are set here; a `.env` that can't be read is told to each attempt."""
    try:
        return secrets_among(read_variables(home).all)
    except ConfigError:
        return secrets_among(os.environ)


def _lock(home: Home) -> int | None:
    """Return a lock that goes with the process; None where another background worker has it."""
    descriptor = os.open(home.run / "background.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


async def _run(home: Home, database: Database, orders: Orders) -> None:
    name = f"w{secrets.token_hex(4)}"
    bell = Doorbell(ensure(home.run), name)
    shop = Workshop(
        home=home,
        database=database,
        clock=SystemClock(),
        worker=_worker(name, orders, str(bell.path)),
        bells=Bells(),
        turn=anyio.CapacityLimiter(1),
    )
    log.bind(worker=name)
    shells = ensure(home.run / "shells")
    floor = Floor(pool=Pool(orders.bounds, mark=pool_marker(name), folder=shells))
    try:
        await shop.in_store(_register, shop)
        log.get("worker").info("started", roles=orders.roles, slots=orders.slots)
        home.starting.unlink(missing_ok=True)
        await _run_stations(shop, floor, bell, orders)
    finally:
        bell.close()
        log.get("worker").info("ends")
        with anyio.CancelScope(shield=True), anyio.move_on_after(10):
            await _noted(shop, sign_off)


async def _noted(shop: Workshop, note: Callable[[Workshop], None]) -> None:
    """Write down how this worker is; that it can't be written keeps no worker from ending."""
    try:
        await shop.in_store(note, shop)
    except DeputizeError as error:
        log.get("worker").warning("not noted", error=error.message)


def _worker(name: str, orders: Orders, doorbell: str) -> Worker:
    now = SystemClock().now()
    return Worker(
        id=name,
        identity=str(identify(os.getpid())),
        host=str(identify(os.getpid())).rpartition(":")[2],
        roles=orders.roles,
        slots=orders.slots,
        started_at=now,
        seen_at=now,
        draining=False,
        stopped_at=None,
        doorbell=doorbell,
    )


def _register(shop: Workshop) -> None:
    with shop.database.write() as transaction:
        workers.register(transaction, shop.worker, shop.now())


def sign_off(shop: Workshop) -> None:
    """Note the end, and seal the last events unless another worker is there to do it."""
    with shop.database.write() as transaction:
        workers.stop(transaction, shop.worker.id, shop.now())
    # Asked once that is committed: two that end at once would else each take the other for there.
    with shop.database.write() as transaction:
        if not workers.live(transaction):
            chain.seal(transaction)


async def _run_stations(shop: Workshop, floor: Floor, bell: Doorbell, orders: Orders) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_listen, shop, bell)
        group.start_soon(_obey_signals, shop, floor)
        group.start_soon(_keep_going, keep_up, shop, floor.claims.__contains__)
        for station in (seal_forever, write_files_forever, prune_forever, land_forever):
            group.start_soon(_keep_going, station, shop)
        group.start_soon(_keep_going, notify_forever, shop, orders.channels)
        group.start_soon(_keep_going, _tell_others, shop)
        address = shared_address()
        if address is not None:
            group.start_soon(_keep_going, _hear_others, shop, address)
        if orders.lock is not None:
            group.start_soon(_make_room, floor, orders.lock)
        if orders.report:
            group.start_soon(_keep_going, report_forever, shop, floor, *orders.report)
        if orders.background:
            group.start_soon(_leave_when_idle, shop, floor)
        await work(shop, floor)
        group.cancel_scope.cancel()


async def _keep_going(station: Callable[..., Awaitable[None]], *facts: object) -> None:
    """Run a station; should a mistake of ours end it, note that and start it again."""
    while True:
        try:
            await station(*facts)
        except Exception as error:  # noqa: BLE001 - one station must not bring the others down
            log.get("supervisor").error(
                "station broke", station=station.__name__, error=repr(error)
            )
        await anyio.sleep(RESTART_SECONDS)


async def _make_room(floor: Floor, lock: int) -> None:
    """Let another background worker start once this one takes nothing more."""
    await floor.closing.wait()
    os.close(lock)


async def _listen(shop: Workshop, bell: Doorbell) -> None:
    """Hear the doorbell."""

    def is_rung() -> bool:
        bell.drain()
        return True

    await _pass_on(shop, bell.descriptor, is_rung)


async def _pass_on(shop: Workshop, descriptor: int, is_rung: Callable[[], bool]) -> None:
    """Pass each ring on: at once to who takes up tasks, and to the others a moment later.

    They would stand in its way: they all want the store and the interpreter.
    """
    due = math.inf
    while True:
        with anyio.CancelScope(deadline=due):
            await anyio.wait_readable(descriptor)
            if is_rung():
                shop.bells.tasks.ring()
                due = min(due, anyio.current_time() + FOLLOW_SECONDS)
        if anyio.current_time() >= due:
            shop.bells.others.ring()
            due = math.inf


async def _hear_others(shop: Workshop, address: str) -> None:
    """Hear who rings on a shared database; a connection that breaks is made anew."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            listener = await aside(open_listener, address)
            pause = FIRST_PAUSE_SECONDS
            await _hear(shop, listener)
        except StoreUnavailable as error:
            log.get("supervisor").warning("not listening", error=error.message)
        await anyio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - a pause, not a secret
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _hear(shop: Workshop, listener: Listener) -> None:
    """Pass on what is heard, and at the beginning what may have been missed."""
    try:
        shop.bells.tasks.ring()
        shop.bells.others.ring()
        own = {shop.worker.id}
        await _pass_on(shop, listener.descriptor, lambda: bool(listener.heard() - own))
    finally:
        listener.close()


async def _tell_others(shop: Workshop) -> None:
    """Tell the other workers of the store when something was done here, not too often."""
    while True:
        await shop.bells.until_news()
        await _noted(shop, _ring)
        await anyio.sleep(RING_SECONDS)


def _ring(shop: Workshop) -> None:
    """Wake the others: by the shared database where they hear that, else by their doorbells."""
    with shop.database.read() as transaction:
        meta.ring(transaction, shop.worker.id)
        others = [] if shared_address() else workers.live(transaction)
    for other in others:
        if other.doorbell and other.id != shop.worker.id:
            ring(other.doorbell)


async def _obey_signals(shop: Workshop, floor: Floor) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            if floor.draining:
                log.get("worker").info("stopping at once")
                floor.stop()
            else:
                log.get("worker").info("draining", running=len(floor.claims))
                await _noted(shop, _note_draining)
                floor.drain()


def _note_draining(shop: Workshop) -> None:
    with shop.database.write() as transaction:
        workers.drain(transaction, shop.worker.id, shop.now())


async def _leave_when_idle(shop: Workshop, floor: Floor) -> None:
    """End a worker that nobody asked to stay, once nothing has been open for a while."""
    quiet_since = anyio.current_time()
    while True:
        await anyio.sleep(IDLE_EXIT_SECONDS / 10)
        try:
            open_work = await shop.in_store(_is_anything_open, shop)
        except DeputizeError:
            open_work = True
        if floor.claims or open_work:
            quiet_since = anyio.current_time()
        elif await _may_leave(shop, anyio.current_time() - quiet_since):
            floor.drain()


async def _may_leave(shop: Workshop, quiet_seconds: float) -> bool:
    return quiet_seconds >= IDLE_EXIT_SECONDS and await shop.in_store(_drain_if_idle, shop)


def _drain_if_idle(shop: Workshop) -> bool:
    """Say that this worker takes no more, unless a task came in; from now on `add` starts one."""
    with shop.database.write() as transaction:
        if not tasks.nothing_is_open(transaction):
            return False
        workers.drain(transaction, shop.worker.id, shop.now())
        return True


def _is_anything_open(shop: Workshop) -> bool:
    with shop.database.read() as transaction:
        return bool(tasks.counts(transaction))
