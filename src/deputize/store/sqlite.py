"""SQLite through the standard library: one file, write-ahead log, every commit fsynced."""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from deputize.errors import InvalidInput, StoreCorrupt, StoreError, StoreUnavailable
from deputize.store.database import Contention
from deputize.store.migrate import migrate
from deputize.store.queries import filled, query
from deputize.store.rows import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from deputize.store.database import Applied, Asked, Row, Value

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 30.0
"""How long a writer keeps asking for its turn before it gives up."""
_RETRY_SECONDS = (0.0002, 0.001)
"""A random pause between tries: SQLite's own busy handler lets one process starve the others."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

PAGE = 1000
"""How many rows are handed over at a time where all rows of a table are read."""

_SETTINGS = (
    "PRAGMA busy_timeout = 0",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
)


class SqliteTransaction:
    """A transaction on the one connection of a `SqliteDatabase`."""

    is_shared = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Speak over `connection`."""
        self._connection = connection

    def one(self, name: str, /, **values: Value) -> Row | None:
        """Run a query and return its first row."""
        rows = self.all(name, **values)
        return rows[0] if rows else None

    def all(self, name: str, /, **values: Value) -> list[Row]:
        """Run a query and return all its rows."""
        found = self._execute(name, values)
        rows = found.fetchall()
        return _named(found, rows) if rows else []

    def ask(self, name: str, /, **values: Value) -> Asked:
        """Run a query whose rows are wanted later."""
        rows = self.all(name, **values)
        return lambda: rows

    def run(self, name: str, /, **values: Value) -> int:
        """Run a statement and return how many rows it touched."""
        return self._execute(name, values).rowcount

    def tell(self, name: str, /, **values: Value) -> None:
        """Run a statement of whose outcome nothing is wanted."""
        self._execute(name, values)

    def give(self, name: str, rows: Iterable[Mapping[str, Value]], /) -> list[Row]:
        """Run a statement for each of several rows and return what each gives."""
        return [given for values in rows for given in self.all(name, **values)]

    def _execute(self, name: str, values: dict[str, Value]) -> sqlite3.Cursor:
        """Bind and run; what an agent or a file system called text may not be UTF-8."""
        try:
            return self._connection.execute(query(name), values)
        except UnicodeEncodeError:
            cleaned = {key: encodable(value) for key, value in values.items()}
            return self._connection.execute(query(name), cleaned)
        except OverflowError as error:
            raise InvalidInput("a number is too large: at most 63 bits are stored") from error

    def pages(self, name: str, /, **names: str) -> Iterator[list[Row]]:
        """Run a query with names filled in, and return its rows, some at a time."""
        cursor = self._connection.execute(filled(name, "", names))
        while rows := cursor.fetchmany(PAGE):
            yield _named(cursor, rows)

    def put(self, name: str, rows: Iterable[Mapping[str, Value]], /, **names: str) -> None:
        """Run a statement with names filled in for each row."""
        self._connection.executemany(filled(name, "", names), rows)

    def script(self, text: str) -> None:
        """Run the statements of a migration, one by one, inside the open transaction."""
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""
        if statement.strip():
            self._connection.execute(statement)


class SqliteDatabase:
    """One database file. May be used from several threads: they take turns."""

    def __init__(self, path: Path) -> None:
        """Open `path`, or create it (readable by its owner only), and bring it up to date.

        Raises StoreUnavailable, StoreCorrupt or StoreTooNew.
        """
        self.path = path
        self.applied: tuple[Applied, ...] = ()
        self.contention = Contention()
        self._waiting_since: float | None = None
        self._turn = threading.RLock()
        with self._translated():
            _create(path)
            self._connection = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with self._translated():
            self._patiently(self._configure)
        self.applied = migrate(self, "sqlite")
        self._connection.execute("PRAGMA foreign_keys = ON")  # a migration may make a table anew

    def _configure(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            needed = ".".join(map(str, OLDEST_SQLITE))
            message = f"python is built with SQLite {sqlite3.sqlite_version}"
            raise StoreError(message, hint=f"use a Python with SQLite {needed} or newer")
        if SqliteTransaction(self._connection).one("migrations.foreign"):
            hint = "nothing was written; set DEPUTIZE_HOME to a folder of its own"
            raise StoreCorrupt(f"{self.path} is the database of another program", hint=hint)
        for setting in _SETTINGS:
            self._connection.execute(setting)

    @property
    def place(self) -> str:
        """Where the file is."""
        return str(self.path)

    @contextmanager
    def read(self) -> Iterator[SqliteTransaction]:
        """Open a transaction that sees one moment."""
        with self._transaction(self._begin_reading) as transaction:
            yield transaction

    def _begin_reading(self) -> None:
        """Fix the moment at once: the first look is what may find the file locked."""
        self._connection.execute("BEGIN")
        try:
            self._connection.execute("PRAGMA data_version").fetchone()
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def write(self) -> Iterator[SqliteTransaction]:
        """Open a transaction that writes, alone."""
        with self._transaction(self._begin_writing) as transaction:
            yield transaction

    def _begin_writing(self) -> None:
        """Begin, where nobody else writes; note since when it has been tried in vain."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._waiting_since = self._waiting_since or time.monotonic()
            raise
        self.contention.write_count += 1
        if self._waiting_since is not None:
            self.contention.note(time.monotonic() - self._waiting_since)
            self._waiting_since = None

    @contextmanager
    def jot(self) -> Iterator[SqliteTransaction]:
        """Open a transaction whose commit is in the log, and not synced with it."""
        with self._turn, self._translated():
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.write() as transaction:
                    yield transaction
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")

    def settle(self) -> None:
        """Sync the log. Where there is none, all that was in it is in the file, and synced."""
        log = self.path.with_name(f"{self.path.name}-wal")
        try:
            with suppress(FileNotFoundError), log.open("rb") as file:
                _sync(file.fileno())
        except OSError as error:
            hint = "check the disk; nothing was lost"
            raise StoreUnavailable(f"cannot sync {log}: {error.strerror}", hint=hint) from error

    @contextmanager
    def sweep(self) -> Iterator[SqliteTransaction]:
        """Open a transaction that writes, in which references are not looked up row by row.

        Of an attempt that goes SQLite would look in each task whether it runs just that one.
        """
        with self._turn:
            self._connection.execute("PRAGMA foreign_keys = OFF")
            try:
                with self.write() as transaction:
                    yield transaction
            finally:
                self._connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def _transaction(self, begin: Callable[[], object]) -> Iterator[SqliteTransaction]:
        with self._turn, self._translated():
            self._patiently(begin)
            try:
                yield SqliteTransaction(self._connection)
            except BaseException:
                self._roll_back()
                raise
            try:
                self._patiently(lambda: self._connection.execute("COMMIT"))
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @staticmethod
    def _patiently(step: Callable[[], Answer]) -> Answer:
        """Try `step` until the lock is free, with short random pauses: all get their share."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(*_RETRY_SECONDS))  # noqa: S311 - a pause, not a secret

    def changes(self) -> int:
        """Return SQLite's data version, which moves when another connection commits."""
        look = SqliteTransaction(self._connection)
        with self._turn, self._translated():
            row = self._patiently(lambda: look.one("meta.changes"))
            return int(row["data_version"] or 0) if row else 0

    def copy_to(self, path: Path) -> None:
        """Write what is in it at this moment into the empty file `path`; others may go on."""
        with self._turn, self._translated():
            outside = SqliteTransaction(self._connection)
            self._patiently(lambda: outside.run("meta.copy", path=str(path)))

    def checkpoint(self) -> tuple[int, int]:
        """Copy the log into the file, as far as readers let it; return its pages, and those left.

        Nobody waits for it. A log of which nothing is left is written over from its beginning.
        """
        return self._log(lambda outside: outside.one("meta.checkpoint"))

    def shrink(self) -> bool:
        """Copy the log and cut it to nothing; False where somebody still reads it."""
        return self._log(lambda outside: outside.one("meta.shrink")) == (0, 0)

    def _log(self, copy: Callable[[SqliteTransaction], Row | None]) -> tuple[int, int]:
        with self._turn, self._translated():
            outside = SqliteTransaction(self._connection)
            row = self._patiently(lambda: copy(outside)) or {}
            pages, copied = (int(row.get(key) or 0) for key in ("log", "checkpointed"))
            return max(pages, 0), max(pages - copied, 0)

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translation(error, self.path) from error


def _named(cursor: sqlite3.Cursor, rows: list[tuple[Value, ...]]) -> list[Row]:
    """Give each value its column's name: reading a wide `sqlite3.Row` by names costs far more."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _create(path: Path) -> None:
    """Make the file with the right permissions before SQLite could make it with others."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        hint = "check its permissions, or set DEPUTIZE_HOME to a folder that you can write to"
        raise StoreUnavailable(f"cannot open {path}: {error.strerror}", hint=hint) from error


def _sync(descriptor: int) -> None:
    """Sync a file: on macOS to the disk itself, as `fullfsync` has SQLite do it."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _translation(error: sqlite3.Error, path: Path) -> StoreError:
    text = str(error).partition(" with text ")[0]  # what a row says stays in the row
    if isinstance(error, sqlite3.IntegrityError):
        return StoreError(f"the database refused a row: {text}", hint="run `deputize doctor`")
    if any(word in text for word in ("not a database", "malformed", "decode to UTF-8")):
        hint = "nothing was written; restore a backup, or move the file away to start afresh"
        return StoreCorrupt(f"{path} is damaged or not a deputize database ({text})", hint=hint)
    hints = {
        "full": "free some disk space; nothing was lost",
        "readonly": "check the permissions of the file and its folder",
        "locked": "another program holds it for long; `deputize doctor` says which",
        "unable to open": "check that its folder exists and can be written to",
        "disk I/O error": "check the disk; nothing was lost",
    }
    hint = next((hint for word, hint in hints.items() if word in text), "run `deputize doctor`")
    return StoreUnavailable(f"{path}: {text}", hint=hint)
