"""The sealed journal in daily files, `audit/audit-YYYY-MM-DD.jsonl`, one line per entry.

They are a projection: the journal is what counts. A day is a day of UTC. The cursor `audit` says
how far the files are durable; what a crash left behind it in a file is cut off and written again.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deputize.audit.lines import append_from, last_good, line_of, seq_of
from deputize.config.home import ensure, sync_folder
from deputize.errors import StoreUnavailable
from deputize.store import archives, journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.model.event import Entry
    from deputize.store.database import Database

CURSOR = "audit"
BATCH = 500
PATTERN = "audit-????-??-??.jsonl"


def project(database: Database, home: Home) -> int:
    """Write what was sealed since the last time, and return how many entries that were.

    Raises StoreUnavailable where the files can't be written; then nothing is lost.
    """
    count = 0
    while _new_entries(database, 1)[1]:
        with locked(ensure(home.audit)):
            after, entries = _new_entries(database, BATCH)
            for name, content in by_day(entries).items():
                _append(home.audit / name, content, after)
            if entries:
                with database.write() as transaction:
                    journal.move_cursor(transaction, CURSOR, entries[-1].seq or 0)
        count += len(entries)
    return count


def _new_entries(database: Database, limit: int) -> tuple[int, list[Entry]]:
    with database.read() as transaction:
        after = journal.cursor(transaction, CURSOR)
        return after, journal.sealed(transaction, after, limit)


def by_day(entries: Iterable[Entry]) -> dict[str, bytes]:
    """Return what belongs in each file, by its name."""
    days: dict[str, list[bytes]] = {}
    for entry in entries:
        days.setdefault(name_of(entry), []).append(line_of(entry))
    return {name: b"".join(lines) for name, lines in days.items()}


def name_of(entry: Entry) -> str:
    """Return the name of the file that an entry belongs in."""
    return f"audit-{entry.at:%Y-%m-%d}.jsonl"


def drop_archived(database: Database, home: Home) -> list[str]:
    """Remove the files of days that were archived whole, and return their names.

    The newest file stays: it is what a new entry is added to.
    """
    with database.read() as transaction:
        archived = archives.anchor(transaction).seq
    dropped: list[str] = []
    for path in sorted(home.audit.glob(PATTERN))[:-1] if archived else ():
        if _last_of(path) > archived:
            break
        with locked(home.audit):
            path.unlink(missing_ok=True)
            sync_folder(home.audit)
        dropped.append(path.name)
    return dropped


def _last_of(path: Path) -> int:
    """Return the place of the last entry in a file."""
    with translated(path), path.open("rb") as file:
        return last_good(file.fileno(), seq_of)[1]


def archived_bytes(path: Path, archived: int) -> int:
    """Return how much of a file's beginning holds entries up to the place `archived`."""
    size = 0
    if archived and path.exists():
        with path.open("rb") as file:
            for line in file:
                if (seq_of(line) or archived + 1) > archived:
                    break
                size += len(line)
    return size


def _append(path: Path, content: bytes, after: int) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with translated(path):
        descriptor = os.open(path, flags, 0o600)
        try:
            end, _ = last_good(descriptor, seq_of, after)
            append_from(descriptor, end, content)
        finally:
            os.close(descriptor)
        if end == 0:
            sync_folder(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other process from writing the files meanwhile."""
    with translated(folder), (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one of ours."""
    try:
        yield
    except OSError as error:
        hint = "free some disk space or check permissions; the journal has it all meanwhile"
        raise StoreUnavailable(f"cannot write {path}: {error.strerror}", hint=hint) from error
