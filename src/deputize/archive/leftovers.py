"""Files that are not on record: what a process that was killed has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.archive.choosing import in_chunks
from deputize.archive.file import PATTERN, UNREADABLE, lines_of
from deputize.store import archives, retention

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.store.database import Database


def unrecorded(database: Database, home: Home) -> list[Path]:
    """Return the archive files that the store does not know."""
    with database.read() as transaction:
        known = {archive.file for archive in archives.listing(transaction)}
    return [path for path in sorted(home.archive.glob(PATTERN)) if path.name not in known]


def remove_leftovers(database: Database, home: Home) -> None:
    """Remove what was begun and has no name yet, and files whose content is all still in the store.

    Any other file stays: it may be all that there is, say where a backup was put in place that is
    older than the file.
    """
    for path in home.archive.glob(".archive-*.part"):
        path.unlink(missing_ok=True)
    for path in unrecorded(database, home):
        if _is_all_in_store(database, path):
            path.unlink(missing_ok=True)


def _is_all_in_store(database: Database, path: Path) -> bool:
    tasks: set[int] = set()
    logs: set[int] = set()
    last: dict[str, object] = {}
    try:
        for kind, row in lines_of(path):
            if kind == "task":
                tasks.add(cast("int", row["id"]))
            elif kind == "log":
                logs.add(cast("int", row["attempt"]))
            elif kind == "event":
                last = row
    except UNREADABLE:
        return False
    with database.read() as transaction:
        anchor = archives.anchor(transaction)
        is_kept = not last or (
            cast("int", last["seq"]) > anchor.seq and retention.is_sealed(transaction, last)
        )
    if not is_kept:
        return False
    return _are_there(database, tasks, logs)


def _are_there(database: Database, tasks: set[int], logs: set[int]) -> bool:
    for chunk in in_chunks(tasks):
        with database.read() as transaction:
            if retention.present(transaction, chunk) != set(chunk):
                return False
    for chunk in in_chunks(logs):
        with database.read() as transaction:
            if retention.with_log(transaction, chunk) != set(chunk):
                return False
    return True
