"""Facts about the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.store.rows import text, to_moment, to_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Row, Transaction


def store_name(transaction: Transaction) -> str:
    """Return the short name of this store, which its refs in a repository carry."""
    return text(cast("Row", transaction.one("meta.get", name="store")), "value")


def check(transaction: Transaction) -> str:
    """Ask the database whether it is whole: `ok`, or what is wrong."""
    row = transaction.one("meta.check")
    return text(row, "quick_check") if row else "no answer"


def server(transaction: Transaction) -> tuple[str, datetime]:
    """Return the version of the database's program, and the moment by its clock."""
    row = cast("Row", transaction.one("meta.server"))
    return text(row, "version"), to_moment(row["at"])


def note_backup(transaction: Transaction, now: datetime) -> None:
    """Remember when the last backup was made."""
    transaction.run("meta.set", name="backup_at", value=to_text(now))


def last_backup(transaction: Transaction) -> datetime | None:
    """Return when the last backup was made; None where there was none."""
    row = transaction.one("meta.get", name="backup_at")
    return None if row is None else to_moment(row["value"])


def alone(transaction: Transaction, name: str) -> None:
    """Go on once no other open transaction has said this name.

    For what is looked up and then written where there is no row yet that could be locked.
    """
    row = transaction.one("meta.is_alone", name=name)
    if row is None or not row["yes"]:
        transaction.one("meta.alone", name=name)


def together(transaction: Transaction, name: str) -> None:
    """Go on beside all who say the same, and once nobody says this name to be alone."""
    transaction.one("meta.together", name=name)


def ring(transaction: Transaction, who: str) -> None:
    """Wake the workers that share this store, as far as they listen; `who` rings is told them.

    Only a hint, and no change: a transaction that reads may do it.
    """
    transaction.one("meta.ring", who=who)
