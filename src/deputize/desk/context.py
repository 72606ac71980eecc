"""What every verb of the desk needs: the home, its database, the time, and who asks."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from pathlib import Path
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
            actor=actor or caller(place),
        )
    finally:
        database.close()


def caller(home: Home) -> str:
    """Return who asks: the user, or the agent of the task that this process works for."""
    task = os.environ.get("DEPUTIZE_TASK", "")
    if task.isdecimal():
        return f"agent:task {task}"
    if "DEPUTIZE_ATTEMPT" in os.environ:
        # Attempts that share a program may have no variables of their own: the folder tells.
        found = _task_here(home)
        return "agent:unknown" if found is None else f"agent:task {found}"
    return f"person:{user_name()}"


def _task_here(home: Home) -> int | None:
    """Return the task in whose workspace this process is."""
    try:
        inside = Path.cwd().relative_to(home.workspaces.resolve()).parts
    except (OSError, ValueError):
        return None
    task, _, attempt = inside[1].partition("-") if len(inside) > 1 else ("", "", "")
    return int(task) if task.isdecimal() and attempt.isdecimal() else None


def user_name() -> str:
    """Return the name of the user, as the machine knows it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "unknown"
