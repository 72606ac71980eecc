"""What every verb of the desk needs: the home, its database, the time, and who asks."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from deputize.clock import Clock, SystemClock
from deputize.config.home import Home, find_home
from deputize.store.opening import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.store.database import Database


class Desk(NamedTuple):
    """An open desk."""

    home: Home
    database: Database
    clock: Clock
    actor: str
    """Who asks: `person:NAME`."""


@contextmanager
def open_desk(home: Home | None = None, actor: str | None = None) -> Iterator[Desk]:
    """Open the desk of a home; StoreError or ConfigError where its database can't be used."""
    place = home or find_home()
    database = open_database(place)
    try:
        yield Desk(
            home=place,
            database=database,
            clock=SystemClock(),
            actor=actor or caller(),
        )
    finally:
        database.close()


def caller() -> str:
    """Return who asks: the user, or the agent of the task that this process works for."""
    task = os.environ.get("DEPUTIZE_TASK", "")
    return f"agent:task {task}" if task.isdecimal() else f"person:{user_name()}"


def user_name() -> str:
    """Return the name of the user, as the machine knows it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "unknown"
