"""Looks at the database itself: whole, complete, its server's clock, its last backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import About, Finding, fail, ok, warn
from deputize.desk.doctor.machine import private
from deputize.model.attempt import LEASE_SECONDS
from deputize.store import meta
from deputize.store.migrate import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk

SKEW_SECONDS = 3.0
"""A lease lasts ten times as long; clocks that are a whole lease apart let nobody work."""
STALE_BACKUP_DAYS = 30


def database(desk: Desk) -> Iterator[Finding]:
    """Ask the database whether it is whole."""
    with desk.database.read() as transaction:
        found, version = meta.check(transaction), schema(transaction)
    if found == "ok":
        yield ok(About.DATABASE, f"{desk.database.place} is whole, schema {version}")
    else:
        hint = "stop all workers and restore a backup; nothing is written over it"
        yield fail(About.DATABASE, f"damaged: {found}", hint)


def file(desk: Desk) -> Iterator[Finding]:
    """Look who may read the file, and when it was backed up."""
    yield from private(About.DATABASE, desk.home.database, 0o600, "others may read it")
    yield _backup(desk)


def _backup(desk: Desk) -> Finding:
    with desk.database.read() as transaction:
        made_at = meta.last_backup(transaction)
    if made_at is None:
        return ok(About.BACKUP, "none yet; `deputize store backup FILE` makes one")
    days = (desk.clock.now() - made_at).days
    if days > STALE_BACKUP_DAYS:
        return warn(About.BACKUP, f"the last is {days} days old", "deputize store backup FILE")
    return ok(About.BACKUP, f"the last is {days} days old" if days else "the last is of today")


def server(desk: Desk) -> Iterator[Finding]:
    """Look at a server's version and clock: leases and delays go by ours, wherever a worker is."""
    before = desk.clock.now()
    with desk.database.read() as transaction:
        version, theirs = meta.server(transaction)
    after = desk.clock.now()
    off = (theirs - before - (after - before) / 2).total_seconds()
    text = f"PostgreSQL {version}, its clock {abs(off):.1f} s {'ahead' if off > 0 else 'behind'}"
    hint = "set both clocks by NTP: a lease that one gives must not be over for the other"
    if abs(off) < SKEW_SECONDS:
        yield ok(About.DATABASE, text)
    elif abs(off) < LEASE_SECONDS:
        yield warn(About.DATABASE, text, hint)
    else:
        yield fail(About.DATABASE, text, hint)
