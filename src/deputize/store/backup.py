"""A backup: one moment of a database as a file of its own, verified before it gets its name."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

from deputize.config.home import sync_folder
from deputize.errors import InvalidInput, StoreCorrupt, StoreUnavailable
from deputize.store import chain, meta
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from deputize.store.database import Database


class Backup(NamedTuple):
    """A backup that was made and looks as it should."""

    path: Path
    size_bytes: int
    entry_count: int
    """Sealed entries of the journal, in an unbroken chain."""


def back_up(database: Database, target: Path, now: datetime) -> Backup:
    """Copy a database to the new file `target` while others work, and prove the copy.

    Raises InvalidInput where there is such a file or the database is no file, StoreUnavailable
    where it can't be written, StoreCorrupt where the copy is not whole; then no file is left.
    """
    if not isinstance(database, SqliteDatabase):
        raise InvalidInput("only a database file is backed up like this", hint="use pg_dump")
    if target.exists():
        raise InvalidInput(
            f"{target} exists: a backup overwrites nothing", hint="name another file"
        )
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        made = _copy_and_prove(database, unfinished, target)
        _give_name(unfinished, target)
    except OSError as error:
        hint = "name a file in a folder that you can write to, on a disk with room"
        raise StoreUnavailable(f"cannot write {target}: {error.strerror}", hint=hint) from error
    finally:
        for name in (unfinished.name, f"{unfinished.name}-wal", f"{unfinished.name}-shm"):
            with suppress(OSError):
                unfinished.with_name(name).unlink(missing_ok=True)
    # A copy of what is on a full disk may be made because of that: it counts, noted or not.
    with suppress(StoreUnavailable), database.write() as transaction:
        meta.note_backup(transaction, now)
    return made


def _copy_and_prove(database: SqliteDatabase, unfinished: Path, target: Path) -> Backup:
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    database.copy_to(unfinished)
    with closing(SqliteDatabase(unfinished)) as copy:
        with copy.read() as transaction:
            row = transaction.one("meta.check")
        if row is None or row["quick_check"] != "ok":
            raise StoreCorrupt(f"the copy for {target} is not whole", hint="run `deputize doctor`")
        proof = chain.verify(copy)
    if proof.problem:
        hint = "`deputize audit verify` says the same of the database itself"
        raise StoreCorrupt(f"the copy for {target} has a broken chain: {proof.problem}", hint=hint)
    return Backup(target, unfinished.stat().st_size, proof.count)


def _give_name(unfinished: Path, target: Path) -> None:
    """Make the copy durable and give it its name; whoever was there first keeps it."""
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.link(unfinished, target)
    sync_folder(target.parent)
