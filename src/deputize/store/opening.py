"""The one place that says in which database the state of a home is kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.home import ensure, require_whole
from deputize.config.variables import DATABASE
from deputize.errors import ConfigError
from deputize.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.store.database import Database


def open_database(home: Home) -> Database:
    """Open the database of a home, which is made where it isn't there; raises StoreError.

    ConfigError where the environment names another database: what it holds would not be seen.
    """
    if is_named_elsewhere():
        hint = f"unset {DATABASE}; DEPUTIZE_HOME names the folder that holds the database"
        raise ConfigError(f"{DATABASE} is set, and this deputize has SQLite only", hint=hint)
    ensure(home.path)
    require_whole(home)
    return SqliteDatabase(home.database)


def is_named_elsewhere() -> bool:
    """Tell whether the environment names a database that is not the home's own."""
    return bool(os.environ.get(DATABASE))
