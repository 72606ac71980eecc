"""Files that are not on record: what a process that was killed has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.archive.choosing import in_chunks
from deputize.archive.file import PATTERN, UNREADABLE, lines_of
from deputize.store import archives, meta, retention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.store.database import Database, Transaction


def unrecorded(database: Database, home: Home) -> list[Path]:
    """Return the archive files that the store does not know."""
    with database.read() as transaction:
        known = {archive.file for archive in archives.listing(transaction)}
    there = sorted(home.archive.glob(PATTERN))
    return [path for path in there if path.name not in known and path.is_file()]


def remove_leftovers(database: Database, home: Home) -> None:
    """Remove what was begun and has no name yet, and files whose content is all still in the store.

    Any other file stays: it may be all that there is, say where a backup was put in place that is
    older than the file, or where the home has got a new store, which counts from 1 again.
    """
    for path in home.archive.glob(".archive-*.part"):
        path.unlink(missing_ok=True)
    for path in unrecorded(database, home):
        if _is_all_in_store(database, path):
            path.unlink(missing_ok=True)


def _is_all_in_store(database: Database, path: Path) -> bool:
    tasks: dict[int, object] = {}
    logs: set[int] = set()
    last: dict[str, object] | None = None
    store: object = None
    try:
        for kind, row in lines_of(path):
            if kind == "archive":
                store = row["store"]
            elif kind == "task":
                tasks[int(cast("int", row["id"]))] = row["created_at"]
            elif kind == "log":
                logs.add(int(cast("int", row["attempt"])))
            elif kind == "event":
                last = {"seq": int(cast("int", row["seq"])), "hash": row["hash"]}
    except (*UNREADABLE, LookupError, TypeError):
        return False  # whoever wrote it, it wasn't us
    with database.read() as transaction:
        if store != meta.store_name(transaction):
            return False
        if last and not _is_kept(transaction, last):
            return False
    return _are_there(database, tasks, logs)


def _is_kept(transaction: Transaction, last: Mapping[str, object]) -> bool:
    after = cast("int", last["seq"]) > archives.anchor(transaction).seq
    return after and retention.is_sealed(transaction, last)


def _are_there(database: Database, tasks: Mapping[int, object], logs: set[int]) -> bool:
    for chunk in in_chunks(tasks):
        with database.read() as transaction:
            if retention.added_at(transaction, chunk) != {task: tasks[task] for task in chunk}:
                return False
    for chunk in in_chunks(logs):
        with database.read() as transaction:
            if retention.with_log(transaction, chunk) != set(chunk):
                return False
    return True
