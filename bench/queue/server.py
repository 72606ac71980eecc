"""A PostgreSQL server to measure on: as durable as it is by default, and not yet the tests'."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.fixtures.postgres import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS: dict[str, Any] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "2GB",
}


class Bases:
    """Databases on one server, each new."""

    def __init__(self, server: Server) -> None:
        """Make them on `server`."""
        self._server = server
        self._numbers = itertools.count(1)

    def make(self) -> str:
        """Make an empty one and return its address."""
        name = f"bench_{next(self._numbers)}"
        self._server.run("postgres", f"CREATE DATABASE {name}")
        return self._server.url(name)


@contextmanager
def bases() -> Iterator[Bases]:
    """Start a server, and end it afterwards."""
    server = Server(**SETTINGS)
    try:
        yield Bases(server)
    finally:
        server.remove()
