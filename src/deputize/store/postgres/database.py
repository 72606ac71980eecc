"""One connection to PostgreSQL: short transactions, row locks, and a new one where it broke."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from deputize.errors import StoreCorrupt, StoreError
from deputize.store.database import Contention
from deputize.store.migrate import migrate
from deputize.store.postgres.address import parse
from deputize.store.postgres.binding import bound, spelled_out, together, translated
from deputize.store.postgres.failures import translation, uncertain
from deputize.store.queries import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from deputize.store.database import Applied, Asked, Row, Value

Connection = psycopg.Connection[dict[str, Any]]
Answer = TypeVar("Answer")

PATIENCE_SECONDS = 30.0
"""How long a transaction that has not begun waits for a server that went away."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
PAGE = 1000
"""How many rows are handed over at a time where all rows of a table are read."""
OLDEST_POSTGRES = 140000
WAITING = "meta.alone"
"""The query that waits for others; it is asked where a look showed that somebody is there."""
_READ = (
    b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = auto; SELECT 1"
)
"""The moment is that of the first look: so look at once. What only reads may be narrowed in many
ways, each of which has a plan of its own; what writes finds its rows by few."""
_TAKE = b"LOCK TABLE %s IN ACCESS EXCLUSIVE MODE"
_WRITE = b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"


class PostgresTransaction:
    """An open transaction on the one connection of a `PostgresDatabase`."""

    is_shared = True

    def __init__(
        self, connection: Connection, ends_with_it: ExitStack, contention: Contention
    ) -> None:
        """Speak over `connection`; what `ends_with_it` holds ends with the transaction.

        `contention` hears of what has to be waited for.
        """
        self._connection = connection
        self._ends_with_it = ends_with_it
        self._contention = contention
        self._pipeline: psycopg.Pipeline | None = None
        self._told: dict[str, list[Mapping[str, Value]]] = {}

    def one(self, name: str, /, **values: Value) -> Row | None:
        """Run a query and return its first row."""
        began = time.monotonic()
        row = self._execute(name, values).fetchone()
        if name == WAITING:
            self._contention.note(time.monotonic() - began)
        return row

    def all(self, name: str, /, **values: Value) -> list[Row]:
        """Run a query and return all its rows."""
        return [*self._execute(name, values).fetchall()]

    def ask(self, name: str, /, **values: Value) -> Asked:
        """Run a query whose rows are wanted later: it goes out with the next one."""
        self._pipe()
        found = self._execute(name, values)
        # The server hands over what it finds while others are still being told.
        self._connection.pgconn.send_flush_request()
        self._connection.pgconn.flush()

        def rows() -> list[Row]:
            self.send()
            return [*found.fetchall()]

        return rows

    def run(self, name: str, /, **values: Value) -> int:
        """Run a statement and return how many rows it touched."""
        done = self._execute(name, values)
        if self._pipeline is not None:
            self._pipeline.sync()
        return done.rowcount

    def tell(self, name: str, /, **values: Value) -> None:
        """Run a statement of whose outcome nothing is wanted: it goes out with the next one.

        What is told alike goes out as one, if its query takes rows.
        """
        if bound(name).takes_rows:
            self._told.setdefault(name, []).append(values)
            return
        self._pipe()
        self._execute(name, values)

    def give(self, name: str, rows: Iterable[Mapping[str, Value]], /) -> list[Row]:
        """Run a statement once for several rows, and return what each gives."""
        return self.all(name, **together([*rows]))

    def send(self) -> None:
        """Let what was told go out."""
        told, self._told = self._told, {}
        for name, rows in told.items():
            self._pipe()
            self._execute(name, together(rows))

    def _pipe(self) -> None:
        """From now on, wait for nothing but what is wanted."""
        if self._pipeline is None:
            self._pipeline = self._ends_with_it.enter_context(self._connection.pipeline())

    def _execute(self, name: str, values: Mapping[str, Value]) -> psycopg.Cursor[dict[str, Any]]:
        """Bind and run; what an agent or a file system called text may not be UTF-8."""
        if self._told:
            self.send()
        query = bound(name)
        wanted = query.values(values)
        try:
            return self._connection.execute(query.text, wanted)
        except UnicodeEncodeError:
            return self._connection.execute(query.text, spelled_out(wanted))

    def pages(self, name: str, /, **names: str) -> Iterator[list[Row]]:
        """Run a query with names filled in, and return its rows, some at a time."""
        query = translated(filled(name, "postgres", names))
        with self._connection.cursor(name="pages") as cursor:
            cursor.execute(query.text)
            while rows := cursor.fetchmany(PAGE):
                yield [*rows]

    def put(self, name: str, rows: Iterable[Mapping[str, Value]], /, **names: str) -> None:
        """Run a statement with names filled in for each row."""
        query = translated(filled(name, "postgres", names))
        with self._connection.cursor() as cursor:
            cursor.executemany(query.text, [query.values(row) for row in rows])

    def script(self, text: str) -> None:
        """Run the statements of a migration inside the open transaction, however long it takes."""
        self._connection.execute(b"SET LOCAL statement_timeout = 0")
        self._take_all_tables()
        self._connection.execute(text.encode())

    def _take_all_tables(self) -> None:
        """Have all tables alone, before any of them is changed.

        Who waits for one while it has another would be waited for by a reader that has that one: so
        it gives all of them back soon, before PostgreSQL looks for such pairs, and asks again.
        """
        names = ", ".join(str(row["name"]) for row in self.all("migrations.tables"))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while names:
            try:
                with self._connection.transaction():
                    self._connection.execute(b"SET LOCAL lock_timeout = 200")
                    self._connection.execute(_TAKE % names.encode())
                break
            except psycopg.errors.LockNotAvailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS))  # noqa: S311 - a pause


class PostgresDatabase:
    """One database on a server. May be used from several threads: they take turns."""

    def __init__(self, url: str) -> None:
        """Connect, and bring the database up to date.

        Raises ConfigError, StoreUnavailable, StoreCorrupt or StoreTooNew.
        """
        self.address = parse(url)
        self.applied: tuple[Applied, ...] = ()
        self.contention = Contention()
        self._turn = threading.RLock()
        self._connection: Connection | None = None
        self._closed = False
        with self._translated():
            self._connection = self._connect()
        try:
            self._refuse_foreign()
            self.applied = migrate(self, "postgres")
        except BaseException:
            self.close()
            raise

    @property
    def place(self) -> str:
        """Where it is, without user and password."""
        return self.address.shown

    def _connect(self) -> Connection:
        connection: Connection = psycopg.connect(
            autocommit=True,
            row_factory=dict_row,
            **self.address.parameters,  # type: ignore[arg-type]
        )
        try:
            self._require(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _require(self, connection: Connection) -> None:
        """Raise StoreError where the server can't hold what we store."""
        version, encoding = (
            connection.info.server_version,
            connection.info.parameter_status("server_encoding"),
        )
        if version < OLDEST_POSTGRES:
            hint = f"use PostgreSQL {OLDEST_POSTGRES // 10000} or newer"
            raise StoreError(f"{self.address.shown} runs PostgreSQL {version // 10000}", hint=hint)
        if encoding != "UTF8":
            hint = "create the database with `createdb --encoding UTF8 --template template0`"
            raise StoreError(f"{self.address.shown} stores texts as {encoding}", hint=hint)

    def _refuse_foreign(self) -> None:
        with self.read() as transaction:
            if transaction.one("migrations.foreign"):
                hint = "nothing was written; give deputize a database of its own"
                message = f"{self.address.shown} is the database of another program"
                raise StoreCorrupt(message, hint=hint)

    @contextmanager
    def read(self) -> Iterator[PostgresTransaction]:
        """Open a transaction that sees one moment."""
        with self._transaction(_READ) as transaction:
            yield transaction

    @contextmanager
    def write(self) -> Iterator[PostgresTransaction]:
        """Open a transaction that writes; rows that it is going to change, it locks."""
        with self._transaction(_WRITE) as transaction:
            self.contention.write_count += 1
            yield transaction

    def jot(self) -> AbstractContextManager[PostgresTransaction]:
        """Open a transaction as `write` does: the disk is the server's."""
        return self.write()

    def settle(self) -> None:
        """Do nothing: a commit waits for the server's disk."""

    @contextmanager
    def sweep(self) -> Iterator[PostgresTransaction]:
        """Open a transaction that writes: here each reference has an index by which it is found."""
        with self.write() as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, begin: bytes) -> Iterator[PostgresTransaction]:
        with self._turn, self._translated():
            connection = self._patiently(lambda connection: _begin(connection, begin))
            committing = False
            try:
                with ExitStack() as told:
                    transaction = PostgresTransaction(connection, told, self.contention)
                    yield transaction
                    transaction.send()
                    committing = True
                    done = connection.execute(b"COMMIT")
            except psycopg.errors.FeatureNotSupported:
                self._let_go()  # what it has prepared is for tables that were migrated since
                raise
            except BaseException as error:
                self._roll_back(connection)
                if committing and isinstance(error, psycopg.Error) and connection.closed:
                    raise uncertain(error, self.address) from error
                raise
            if done.statusmessage != "COMMIT":
                raise StoreError(f"{self.address.shown}: the transaction had failed before its end")

    def _roll_back(self, connection: Connection) -> None:
        """End a transaction; where that can't be, its connection goes, and it with that."""
        try:
            connection.execute(b"ROLLBACK")
        except psycopg.Error:
            self._let_go()

    def _patiently(self, step: Callable[[Connection], Answer]) -> Answer:
        """Do what begins something, on a new connection where the old one is broken.

        A server that restarts is waited for, with random pauses so that not all come at once.
        """
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return step(self._connected())
            except psycopg.OperationalError:
                self._let_go()
                if time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - a pause, not a secret
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _connected(self) -> Connection:
        if self._closed:
            raise psycopg.InterfaceError("the database was closed")
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def changes(self) -> int:
        """Return a number that moves with every transaction that writes, as it begins and ends."""
        with self._turn, self._translated():
            row = self._patiently(
                lambda connection: PostgresTransaction(
                    connection, ExitStack(), self.contention
                ).one("meta.changes")
            )
            return int(row["data_version"] or 0) if row else 0

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._closed = True
            self._let_go()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise translation(error, self.address) from error


def _begin(connection: Connection, statement: bytes) -> Connection:
    """Begin a transaction; one inside another would be committed with it, or undo it."""
    if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.ACTIVE}:
        raise psycopg.InterfaceError("a transaction is open already")
    connection.execute(statement, prepare=False)
    return connection
