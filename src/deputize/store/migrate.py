"""Bring a database up to date: numbered migrations, forward only, each with its own record."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from deputize.errors import StoreTooNew
from deputize.store.database import Applied, Transaction
from deputize.store.meta import alone
from deputize.store.rows import number, to_text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_FOLDER = Path(__file__).parent / "migrations"


class MigratingTransaction(Transaction, Protocol):
    """A transaction that can also run a script."""

    def script(self, text: str) -> None:
        """Run several statements."""
        ...


class Migratable(Protocol):
    """A database that can be migrated."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a reading transaction."""
        ...

    def write(self) -> AbstractContextManager[MigratingTransaction]:
        """Open a writing transaction."""
        ...


@cache
def known_migrations(dialect: str) -> tuple[tuple[int, str, Path], ...]:
    """List the migrations of a dialect: number, name, file."""
    files = sorted((_FOLDER / dialect).glob("[0-9]*.sql"))
    return tuple((int(file.stem[:4]), file.stem[5:], file) for file in files)


def migrate(database: Migratable, dialect: str) -> tuple[Applied, ...]:
    """Apply what is missing, in one transaction with its record; return what that was.

    Raises StoreTooNew when the database knows more migrations than we do.
    """
    newest = known_migrations(dialect)[-1][0]
    with database.read() as transaction:
        version = _version(transaction, newest)
    if version == newest:
        return ()
    with database.write() as transaction:
        return _apply_missing(transaction, dialect)


def schema(transaction: Transaction) -> int:
    """Return the number of the newest migration of a database."""
    row = transaction.one("migrations.version")
    return number(row, "number") if row else 0


def _version(transaction: Transaction, newest: int) -> int:
    if transaction.one("migrations.present") is None:
        return 0
    version = schema(transaction)
    if version > newest:
        raise StoreTooNew(
            f"the database has schema {version}, this deputize knows up to {newest}",
            hint="install the newer deputize that wrote it; nothing was changed",
        )
    return version


def _apply_missing(transaction: MigratingTransaction, dialect: str) -> tuple[Applied, ...]:
    """Look again under the lock, for another process may have been first."""
    import secrets

    alone(transaction, "migrations")
    version = _version(transaction, known_migrations(dialect)[-1][0])
    now = to_text(datetime.now(UTC))
    missing = [each for each in known_migrations(dialect) if each[0] > version]
    for place, name, file in missing:
        transaction.script(file.read_text(encoding="utf-8"))
        transaction.run("migrations.record", number=place, name=name, now=now)
    transaction.run("meta.put", name="store", value=secrets.token_hex(4))
    return tuple(Applied(place, name) for place, name, _ in missing)
