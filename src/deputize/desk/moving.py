"""Verbs about the store itself: bring it up to date, copy it to another database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk.bells import running_workers
from deputize.errors import InvalidInput
from deputize.store import copying
from deputize.store.migrate import schema
from deputize.store.opening import SCHEMES, open_file, open_shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.desk.context import Desk
    from deputize.store.copying import Copied
    from deputize.store.database import Applied, Database

FILE_SCHEME = "sqlite://"


class Migrated(NamedTuple):
    """What a store is now, and what was done for that."""

    place: str
    schema: int
    applied: tuple[Applied, ...]


class Moved(NamedTuple):
    """A copy that was made."""

    source: str
    target: str
    copied: Copied
    running: int
    """How many workers go on writing to the original."""


def migrated(desk: Desk) -> Migrated:
    """Return what opening the store did to it: that brings it up to date."""
    with desk.database.read() as transaction:
        now = schema(transaction)
    return Migrated(desk.database.place, now, desk.database.applied)


def copy(desk: Desk, to: str, tell: Callable[[str, int], None]) -> Moved:
    """Copy the whole store to the address or file `to`, which must hold nothing yet."""
    with closing(_open(to)) as target:
        copied = copying.copy(desk.database, target, tell)
        with desk.database.read() as transaction:
            running = len(running_workers(transaction, desk.clock.now()))
        return Moved(desk.database.place, target.place, copied, running)


def _open(to: str) -> Database:
    if to.startswith(SCHEMES):
        return open_shared(to)
    path = to.removeprefix(FILE_SCHEME)
    if "://" in path or not path:
        hint = "write postgresql://USER@HOST/DATABASE, or sqlite:///FILE"
        raise InvalidInput("that is no address of a database", hint=hint)
    return open_file(Path(path).expanduser().absolute())
