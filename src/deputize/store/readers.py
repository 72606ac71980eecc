"""Who keeps the past of a database alive, so that it grows and gets slow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.store.rows import number, text
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from deputize.store.database import Database, Transaction

WRITE_LOCK = range(120, 121)
READ_LOCKS = range(123, 128)
"""The bytes of the `-shm` file that SQLite locks for a transaction (WAL-mode format)."""


class Log(NamedTuple):
    """The write-ahead log of a database file."""

    shared: Path
    """The file that its readers lock."""
    size_bytes: int
    left_count: int
    """Pages that could not be copied into the database: somebody reads an older moment."""


class Session(NamedTuple):
    """A session of a server whose transaction has been open for long."""

    pid: int
    """0: a transaction that was prepared, of no process any more."""
    user: str
    program: str
    """As it calls itself; of a prepared transaction, its name."""
    state: str
    seconds: int


def log_of(database: Database) -> Log | None:
    """Copy the log of a file as far as that goes, and tell what is left; None for a server."""
    if not isinstance(database, SqliteDatabase):
        return None
    _, left = database.checkpoint()
    log, shared = (Path(f"{database.path}-{end}") for end in ("wal", "shm"))
    return Log(shared, log.stat().st_size if log.exists() else 0, left)


def shrink(database: Database) -> bool:
    """Cut the log of a file to nothing; False where somebody reads it."""
    return isinstance(database, SqliteDatabase) and database.shrink()


def sessions(transaction: Transaction, seconds: int) -> list[Session]:
    """Return the sessions that have kept an older moment for that long, the longest first."""
    return [
        Session(
            number(row, "pid"),
            text(row, "user"),
            text(row, "program"),
            text(row, "state"),
            number(row, "seconds"),
        )
        for row in transaction.all("meta.sessions", seconds=seconds)
    ]
