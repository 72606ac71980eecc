"""The outbox: what happened is owed to each channel that wants it, until it has been delivered.

These are the steps that `station` repeats. At least once: a delivery is struck off after the
channel has taken it, so whoever is killed in between delivers it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import to_thread

from deputize import log
from deputize.clock import Clock, SystemClock
from deputize.model.event import Event, is_plain_yes
from deputize.notify.message import Message, message_of
from deputize.store import journal, meta, tasks
from deputize.store import outbox as stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from deputize.model.event import Entry
    from deputize.notify.channels import Channel
    from deputize.store.database import Database, Transaction
    from deputize.store.outbox import Delivery

T = TypeVar("T")

CURSOR = "outbox"
ACTOR = "notify"
BATCH = 500
MOST_DUE = 10_000
"""Deliveries that are looked through at a time for those of one channel."""
ROUND = 50
"""Deliveries to one channel that are made before looking again."""
AT_ONCE = 4
"""Deliveries to one channel that are under way at the same time."""
SEND_SECONDS = 30.0
SETTLE_SECONDS = 30.0
"""How long striking off may take even when the station is being stopped."""
BACKOFF_SECONDS = 10
BACKOFF_LIMIT_SECONDS = 3600
MOST_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """A store, and the channels that are told what happens in it."""

    database: Database
    channels: Sequence[Channel]
    clock: Clock = field(default_factory=SystemClock)
    turn: anyio.CapacityLimiter = field(default_factory=partial(anyio.CapacityLimiter, 1))
    """One at a time: the store is synchronous and is called from one thread."""
    send_seconds: float = SEND_SECONDS
    """How long a channel may take for one message."""

    async def in_store(self, call: Callable[[], T]) -> T:
        """Call something short of the store, aside from the event loop."""
        return await to_thread.run_sync(call, limiter=self.turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A delivery with what is to be delivered."""

    delivery: Delivery
    entry: Entry
    message: Message


def fan_out(database: Database, channels: Sequence[Channel], now: datetime) -> int:
    """Owe every sealed event to the channels that want it; return how many deliveries that are."""
    count = 0
    while True:
        with database.read() as transaction:
            if not _news(transaction, 1):
                return count
        with database.write() as transaction:
            entries = _news(transaction, BATCH)
            count += sum(_put(transaction, entry, channels, now) for entry in entries)
            if entries:
                journal.move_cursor(transaction, CURSOR, entries[-1].seq or 0)


def _news(transaction: Transaction, limit: int) -> list[Entry]:
    return journal.sealed(transaction, journal.cursor(transaction, CURSOR), limit)


def _put(transaction: Transaction, entry: Entry, channels: Sequence[Channel], now: datetime) -> int:
    if entry.kind.startswith("notification.") or is_plain_yes(entry):
        return 0
    wanting = [channel.name for channel in channels if entry.kind in channel.kinds]
    for name in wanting:
        stored.put(transaction, entry.id, name, now)
    return len(wanting)


def due_channels(outbox: Outbox) -> set[str]:
    """Return the names of the channels, configured or not, that something is due to."""
    with outbox.database.read() as transaction:
        found = stored.due(transaction, outbox.clock.now(), MOST_DUE)
    return {delivery.channel for delivery in found}


def give_up(outbox: Outbox, channel: str, reason: str) -> int:
    """Strike off what is due to a channel, with an event each; return how many that were."""
    owed = _due_to(outbox, channel)
    with outbox.database.write() as transaction:
        for one in owed:
            _strike_off(transaction, one, "notification.failed", outbox.clock.now(), reason)
    return len(owed)


async def deliver_due(outbox: Outbox, channel: Channel, told: set[int] | None = None) -> int:
    """Deliver what is due to a channel now, and return how many deliveries succeeded.

    What fails is tried again later. `told` holds events that were delivered though the store could
    not be told so: they are only struck off. Raises StoreError.
    """
    done = set() if told is None else told
    owed = await outbox.in_store(partial(_due_to, outbox, channel.name))
    bound = anyio.Semaphore(AT_ONCE)
    succeeded: list[int] = []

    async def deliver(one: Owed) -> None:
        event = one.delivery.event
        async with bound:
            problem = None if event in done else await _send(outbox, channel, one.message)
            if problem is None:
                done.add(event)
            with anyio.move_on_after(SETTLE_SECONDS, shield=True) as settling:
                await outbox.in_store(partial(_settle, outbox, one, problem))
        if problem is None and not settling.cancelled_caught:
            done.discard(event)
            succeeded.append(event)

    async with anyio.create_task_group() as group:
        for one in owed:
            group.start_soon(deliver, one)
    return len(succeeded)


def _due_to(outbox: Outbox, channel: str) -> list[Owed]:
    with outbox.database.read() as transaction:
        found = stored.due(transaction, outbox.clock.now(), MOST_DUE)
        mine = [delivery for delivery in found if delivery.channel == channel][:ROUND]
        store = meta.store_name(transaction)
        return [_owed(transaction, delivery, store) for delivery in mine]


def _owed(transaction: Transaction, delivery: Delivery, store: str) -> Owed:
    entry = journal.get(transaction, delivery.event)
    assert entry is not None  # noqa: S101 - the table refers to events, which are never deleted
    task = None if entry.task is None else tasks.get(transaction, entry.task)
    return Owed(delivery=delivery, entry=entry, message=message_of(entry, task, store))


async def _send(outbox: Outbox, channel: Channel, message: Message) -> str | None:
    try:
        with anyio.fail_after(outbox.send_seconds):
            return await channel.send(message)
    except TimeoutError:
        return f"no answer within {outbox.send_seconds:g} s"
    except Exception as error:  # noqa: BLE001 - a channel that breaks must not stop the others
        log.get("notify").exception("a channel broke", channel=channel.name, task=message.task)
        return f"it broke: {type(error).__name__}"


def _settle(outbox: Outbox, one: Owed, problem: str | None) -> None:
    now = outbox.clock.now()
    with outbox.database.write() as transaction:
        if problem is None:
            _strike_off(transaction, one, "notification.delivered", now)
        elif one.delivery.tries + 1 >= MOST_TRIES:
            _strike_off(transaction, one, "notification.failed", now, problem)
        else:
            later = now + timedelta(seconds=backoff_seconds(one.delivery.tries))
            stored.later(transaction, one.delivery, later, problem)


def backoff_seconds(failures: int) -> int:
    """Return the pause after a failure that had so many before it: 10 s, doubled, up to 1 h."""
    return int(min(BACKOFF_SECONDS * 2 ** min(failures, 20), BACKOFF_LIMIT_SECONDS))


def _strike_off(
    transaction: Transaction, one: Owed, kind: str, now: datetime, problem: str | None = None
) -> None:
    stored.take(transaction, one.delivery)
    body = {
        "channel": one.delivery.channel,
        "event": one.entry.id,
        "kind": one.entry.kind,
        "tries": one.delivery.tries + 1,
    }
    event = Event(
        kind=kind,
        actor=ACTOR,
        task=one.entry.task,
        change=one.entry.change,
        approval=one.entry.approval,
        body=body | ({"error": problem} if problem else {}),
    )
    journal.append(transaction, event, now)
