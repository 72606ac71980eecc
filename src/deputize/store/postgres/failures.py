"""What PostgreSQL says when something goes wrong, as errors of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from deputize.errors import InvalidInput, StoreCorrupt, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from deputize.errors import DeputizeError
    from deputize.store.postgres.address import Address

_AGAIN = "nothing was stored; do it again"
_HINTS = {
    "0A000": _AGAIN,
    "25006": "it takes no writes: add target_session_attrs=read-write to its address",
    "40001": _AGAIN,
    "40P01": _AGAIN,
    "42501": "grant its user what it needs; docs/database.md says what that is",
    "53100": "free some disk space on the server; nothing was lost",
    "53300": "raise max_connections, or run fewer workers",
    "55P03": f"another transaction holds a row for long; {_AGAIN}",
    "57014": f"it took too long; {_AGAIN}",
}
"""By SQLSTATE; see PostgreSQL's appendix of error codes."""
_CORRUPT = ("XX001", "XX002")
_STRANGE = ("42P01", "42703", "42883")
"""A table, a column or a function of ours isn't there."""
_TOO_LARGE = "22003"
_WORDS = {
    "password": "check user and password in its address, or in ~/.pgpass",
    "does not exist": "create it: `createdb --encoding UTF8 NAME`",
    "certificate": "check sslmode, sslrootcert and the server's certificate",
    "SSL": "check sslmode in its address, and whether the server speaks TLS",
    "starting up": "try again in a moment",
    "refused": "check that the server runs, and host and port in its address",
    "could not translate host": "check the host in its address",
    "timeout": "check that the server can be reached",
}


def translation(error: psycopg.Error, address: Address) -> DeputizeError:
    """Return the error of ours for one of psycopg's; neither rows nor passwords are in it."""
    code = error.sqlstate or ""
    said = address.redacted(error.diag.message_primary or _first_line(error))
    if isinstance(error, psycopg.IntegrityError):
        return StoreError(f"the database refused a row: {said}", hint="run `deputize doctor`")
    if code == _TOO_LARGE:
        return InvalidInput("a number is too large: at most 63 bits are stored")
    if code in _CORRUPT:
        hint = "nothing was written; restore a backup"
        return StoreCorrupt(f"{address.shown} is damaged ({said})", hint=hint)
    if code in _STRANGE:
        hint = "nothing was written; give deputize a database of its own"
        return StoreCorrupt(f"{address.shown} is not a deputize database ({said})", hint=hint)
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)) or code in _HINTS:
        return StoreUnavailable(f"{address.shown}: {said}", hint=_hint(code, said))
    return StoreError(f"{address.shown}: {said}", hint="run `deputize doctor`")


def uncertain(error: psycopg.Error, address: Address) -> StoreUnavailable:
    """Return the error for a connection that broke while a commit was under way."""
    said = address.redacted(_first_line(error))
    hint = "look whether it was done before you do it again"
    return StoreUnavailable(
        f"{address.shown}: the connection broke at a commit ({said})", hint=hint
    )


def _first_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _hint(code: str, said: str) -> str:
    found = (hint for word, hint in _WORDS.items() if word in said)
    return _HINTS.get(code) or next(found, "try again; `deputize doctor` looks closer")
