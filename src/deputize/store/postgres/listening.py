"""A connection that hears when somebody rings: only a hint, for what it misses is looked for."""

from __future__ import annotations

import psycopg

from deputize.store.postgres.address import parse
from deputize.store.postgres.failures import translation


class Listener:
    """An ear for one process. Where the connection breaks, make a new one."""

    def __init__(self, url: str) -> None:
        """Connect and listen; raises StoreUnavailable."""
        self._address = parse(url)
        try:
            self._connection = psycopg.connect(
                autocommit=True,
                **self._address.parameters,  # type: ignore[arg-type]
            )
            self._connection.execute(b"LISTEN deputize")
        except psycopg.Error as error:
            raise translation(error, self._address) from error

    @property
    def descriptor(self) -> int:
        """What can be read from once somebody has rung, or the connection is broken."""
        return self._connection.fileno()

    def heard(self) -> set[str]:
        """Return who has rung since the last time, without waiting; raises StoreUnavailable."""
        try:
            return {ring.payload for ring in self._connection.notifies(timeout=0)}
        except psycopg.Error as error:
            raise translation(error, self._address) from error

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()
