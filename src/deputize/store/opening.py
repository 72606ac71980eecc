"""Which database holds the state: the home's own file, or the one that an address names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.home import ensure, require_whole
from deputize.config.variables import DATABASE
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.store.database import Database
    from deputize.store.postgres import Listener

SCHEMES = ("postgresql://", "postgres://")


def open_database(home: Home) -> Database:
    """Open the state of a home, brought up to date; raises ConfigError or StoreError."""
    ensure(home.path)
    address = shared_address()
    if address:
        return open_shared(address)
    require_whole(home)
    return open_file(home.database)


def shared_address() -> str | None:
    """Return the address of the database that several processes or machines share, if one is set.

    Raises ConfigError where the variable holds something else.
    """
    address = os.environ.get(DATABASE, "").strip()
    if address and not address.startswith(SCHEMES):
        hint = "write postgresql://USER@HOST/DATABASE, or unset it to use the file in your home"
        raise ConfigError(f"{DATABASE} is not the address of a PostgreSQL database", hint=hint)
    return address or None


def address_without_secrets() -> str | None:
    """Return the same for a file that is kept; ConfigError where a password is in it."""
    address = shared_address()
    if address is not None:
        from deputize.store.postgres.address import parse

        if parse(address).secrets:
            hint = "put the password in ~/.pgpass, and take it out of the address"
            raise ConfigError(f"{DATABASE} holds a password, which is kept in no file", hint=hint)
    return address


def open_file(path: Path) -> Database:
    """Open a database file."""
    from deputize.store.sqlite import SqliteDatabase

    return SqliteDatabase(path)


def open_shared(address: str) -> Database:
    """Open a PostgreSQL database; ConfigError where the driver is not installed."""
    try:
        from deputize.store.postgres import PostgresDatabase
    except ImportError as error:
        hint = "pip install 'deputize[postgres]'"
        raise ConfigError(f"PostgreSQL needs psycopg 3: {error}", hint=hint) from error
    return PostgresDatabase(address)


def open_listener(address: str) -> Listener:
    """Return an ear for whoever rings on a PostgreSQL database; raises StoreUnavailable."""
    from deputize.store.postgres import Listener

    return Listener(address)
