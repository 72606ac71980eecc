"""Compare the daily files with the journal, and write them again from it."""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
from itertools import chain
from typing import TYPE_CHECKING

from deputize.audit.daily import (
    BATCH,
    CURSOR,
    PATTERN,
    archived_bytes,
    by_day,
    locked,
    name_of,
    translated,
)
from deputize.audit.difference import first_difference
from deputize.config.home import ensure, sync_folder
from deputize.errors import StoreCorrupt
from deputize.model.event import Event
from deputize.store import archives, journal
from deputize.store.chain import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.model.event import Entry
    from deputize.store.database import Database

CHUNK_BYTES = 1 << 20


class _Day:
    """What the journal says about one file, as far as the file goes.

    What of it was archived is not in the journal any more, and is passed over.
    """

    def __init__(self, path: Path, archived: int) -> None:
        self.path = path
        self.exists = path.exists()
        self.start = archived_bytes(path, archived)
        self.size = path.stat().st_size - self.start if self.exists else 0
        self.length = 0
        self.due = 0
        self._digest = hashlib.sha256()

    def expect(self, content: bytes, *, due: bool) -> None:
        self._digest.update(content[: max(0, self.size - self.length)])
        self.length += len(content)
        self.due += len(content) if due else 0

    def problem(self) -> str | None:
        name = self.path.name
        if not self.exists:
            return f"{name} is missing" if self.due else None
        if self.size > self.length:
            return f"{name} has lines that are not in the journal"
        if self.size < self.due:
            return f"{name} lacks lines of the journal"
        return None if self._is_as_expected() else f"{name} differs from the journal"

    def _is_as_expected(self) -> bool:
        found, left = hashlib.sha256(), self.size
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left and (chunk := file.read(min(left, CHUNK_BYTES))):
                found.update(chunk)
                left -= len(chunk)
        return found.digest() == self._digest.digest()


def problems(database: Database, home: Home) -> list[str]:
    """Say which daily files are missing or don't hold what the journal says.

    What is written while this runs is no problem: what a file has beyond the cursor may be there.
    Raises StoreUnavailable where a file can't be read.
    """
    while True:
        with translated(home.audit):
            archived = _archived(database)
            found = _problems(database, home, archived)
        if archived == _archived(database):  # else the files and the journal have moved meanwhile
            return found


def _archived(database: Database) -> int:
    with database.read() as transaction:
        return archives.anchor(transaction).seq


def _problems(database: Database, home: Home, archived: int) -> list[str]:
    with database.read() as transaction:
        cursor = journal.cursor(transaction, CURSOR)
    days = {path.name: _Day(path, archived) for path in sorted(home.audit.glob(PATTERN))}
    for entry in chain.from_iterable(_all_sealed(database, archived)):
        for name, content in by_day([entry]).items():
            day = days.setdefault(name, _Day(home.audit / name, archived))
            day.expect(content, due=(entry.seq or 0) <= cursor)
    found = [(days[name], problem) for name in sorted(days) if (problem := days[name].problem())]
    return [
        f"{problem}: {_where(database, day, archived)}" if day.exists else problem
        for day, problem in found
    ]


def _where(database: Database, day: _Day, archived: int) -> str:
    """Name the line at which a file that is wrong begins to be."""
    entries = chain.from_iterable(_all_sealed(database, archived))
    own = (entry for entry in entries if name_of(entry) == day.path.name)
    return first_difference(day.path, day.start, own)


def rebuild(database: Database, home: Home, *, actor: str, now: datetime) -> tuple[str, ...]:
    """Write all daily files again, and return the names of those that were missing or wrong.

    A wrong one is not thrown away: it stays beside the new one, as `NAME.replaced-TIME`. What was
    done is told in the journal. Raises StoreUnavailable where a file can't be written, and
    StoreCorrupt where the journal itself was changed: then the files may be what is right.
    """
    proof = verify(database)
    if proof.problem:
        hint = "the files are as they were; compare them with `deputize audit verify`"
        raise StoreCorrupt(f"the journal was changed: {proof.problem}", hint=hint)
    folder = ensure(home.audit)
    with locked(folder):
        fresh = folder / ".rebuild"
        shutil.rmtree(fresh, ignore_errors=True)
        archived = _archived(database)
        last = _write_all(database, folder, ensure(fresh), archived)
        found = [_put_in_place(path, folder, now) for path in sorted(fresh.iterdir())]
        fresh.rmdir()
        sync_folder(folder)
        restored = tuple(name for name in found if name)
        event = Event(kind="audit.rebuilt", actor=actor, body={"files": list(restored)})
        with database.write() as transaction:
            journal.move_cursor(transaction, CURSOR, last)
            journal.append(transaction, event, now)
    return restored


def _write_all(database: Database, folder: Path, fresh: Path, archived: int) -> int:
    """Write what was not archived; of a day that was in part, that part is kept as it stands."""
    last = archived
    for entries in _all_sealed(database, archived):
        last = entries[-1].seq or last
        for name, content in by_day(entries).items():
            if not (fresh / name).exists():
                _begin(fresh / name, folder / name, archived)
            with (fresh / name).open("ab") as file:
                file.write(content)
    return last


def _begin(fresh: Path, path: Path, archived: int) -> None:
    size = archived_bytes(path, archived)
    with fresh.open("wb") as file:
        if size:
            file.write(path.read_bytes()[:size])


def _put_in_place(fresh: Path, folder: Path, now: datetime) -> str | None:
    """Move a file that was written again to its place; return its name where it is needed there."""
    place = folder / fresh.name
    if place.exists() and filecmp.cmp(fresh, place, shallow=False):
        fresh.unlink()
        return None
    if place.exists():
        place.rename(place.with_name(f"{place.name}.replaced-{now:%Y%m%dT%H%M%S%f}"))
    fresh.chmod(0o600)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(place)
    return place.name


def _all_sealed(database: Database, after: int) -> Iterator[list[Entry]]:
    while True:
        with database.read() as transaction:
            entries = journal.sealed(transaction, after, BATCH)
        if not entries:
            return
        yield entries
        after = entries[-1].seq or after
