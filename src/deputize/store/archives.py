"""Archives on record, and the anchor: up to where the journal is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.model.archive import Anchor, Archive, Ranges, Stretch, holds
from deputize.store.rows import (
    from_json,
    maybe_number,
    number,
    text,
    to_json,
    to_moment,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deputize.store.database import Row, Transaction, Value

BEGINNING = Anchor(0, 0, "0" * 64)
"""Where the chain begins as long as nothing of it was archived."""


def record(transaction: Transaction, archive: Archive) -> None:
    """Put an archive on record; its event was written in the same transaction."""
    stretch = archive.stretch
    chained: dict[str, Value] = {
        "first_seq": stretch and stretch.first_seq,
        "last_seq": stretch and stretch.last.seq,
        "last_event": stretch and stretch.last.event,
        "before_hash": stretch and stretch.before_hash,
        "last_hash": stretch and stretch.last.hash,
    }
    transaction.run(
        "archives.insert",
        file=archive.file,
        host=archive.host,
        sha256=archive.sha256,
        size_bytes=archive.size_bytes,
        made_at=to_text(archive.made_at),
        event=archive.event,
        tasks=to_json(archive.tasks),
        logs=to_json(archive.logs),
        counts=to_json(dict(archive.counts)),
        **chained,
    )


def telling(transaction: Transaction, file: str) -> int:
    """Return the event, of this transaction, that tells of a file."""
    return number(cast("Row", transaction.one("archives.telling", file=file)), "id")


def anchor(transaction: Transaction) -> Anchor:
    """Return the last entry of the chain that was archived."""
    row = transaction.one("archives.anchor")
    if row is None:
        return BEGINNING
    return Anchor(number(row, "seq"), number(row, "event"), text(row, "hash"))


def listing(transaction: Transaction) -> list[Archive]:
    """Return all archives, oldest first."""
    return [_archive_of(row) for row in transaction.all("archives.listing")]


def latest(transaction: Transaction) -> datetime | None:
    """Return when the newest archive was made."""
    row = transaction.one("archives.latest")
    return None if row is None else to_moment(row["made_at"])


def of_task(transaction: Transaction, task: int) -> Archive | None:
    """Return the archive that a task is in."""
    return next((each for each in listing(transaction) if holds(each.tasks, task)), None)


def of_log(transaction: Transaction, attempt: int) -> Archive | None:
    """Return the archive that the log of an attempt is in."""
    return next((each for each in listing(transaction) if holds(each.logs, attempt)), None)


def _archive_of(row: Row) -> Archive:
    return Archive(
        file=text(row, "file"),
        host=text(row, "host"),
        sha256=text(row, "sha256"),
        size_bytes=number(row, "size_bytes"),
        made_at=to_moment(row["made_at"]),
        event=number(row, "event"),
        stretch=_stretch_of(row),
        tasks=_ranges(row["tasks"]),
        logs=_ranges(row["logs"]),
        counts=cast("Mapping[str, int]", from_json(row["counts"])),
    )


def _stretch_of(row: Row) -> Stretch | None:
    if maybe_number(row, "last_seq") is None:
        return None
    last = Anchor(number(row, "last_seq"), number(row, "last_event"), text(row, "last_hash"))
    return Stretch(number(row, "first_seq"), text(row, "before_hash"), last)


def _ranges(value: Value) -> Ranges:
    return tuple((first, last) for first, last in cast("list[list[int]]", from_json(value)))
