"""Where a PostgreSQL database is, from its URL; and what of that may be shown."""

from __future__ import annotations

from typing import NamedTuple

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from deputize.errors import ConfigError

LOCK_SECONDS = 10
"""How long a statement waits for a row that another transaction is changing."""
STATEMENT_SECONDS = 30
IDLE_SECONDS = 30
"""How long a transaction may do nothing: its process was stopped, or its machine is gone."""
_OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_SECONDS}s -c jit=off -c enable_seqscan=off"
    " -c plan_cache_mode=force_generic_plan"
)
"""Making a plan takes longer than what is written by it: it is made once, for all values. It
outlives the sizes of tables that it was made for: reading a table whole, which is right as long as
it has few rows, would stay so while it grows."""
_DEFAULTS = {
    "application_name": "deputize",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_SECRETS = ("password", "sslpassword")
REDACTED = "[redacted]"


class Address(NamedTuple):
    """What libpq is told, and what people are."""

    parameters: dict[str, str]
    shown: str
    """Host, port and database: no user, no password."""
    secrets: tuple[str, ...]

    def redacted(self, text: str) -> str:
        """Take the passwords of this address out of a text."""
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        return text


def parse(url: str) -> Address:
    """Read a URL; ConfigError where it is none, which says nothing of what is in it."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        given = {}
    if not given or _is_torn(given):
        hint = "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, odd characters as % codes"
        raise ConfigError("the address of the PostgreSQL database is no URL", hint=hint)
    options = f"{_OPTIONS} {given.get('options', '')}".strip()
    return Address(
        parameters={**_DEFAULTS, **given, "options": options, "client_encoding": "utf8"},
        shown=_shown(given),
        secrets=tuple(given[name] for name in _SECRETS if given.get(name)),
    )


def _is_torn(given: dict[str, str]) -> bool:
    """Tell whether a password with odd characters was taken for a host, a port or a database."""
    port = given.get("port", "").replace(",", "")
    places = given.get("host", "") + given.get("dbname", "")
    return "@" in places or not (port.isdecimal() or not port)


def _shown(given: dict[str, str]) -> str:
    host, port = given.get("host", ""), given.get("port", "")
    database = given.get("dbname", "")
    place = f"{host}:{port}" if port else host
    return f"postgresql://{place}/{database}"
