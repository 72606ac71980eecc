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
    transaction.one("meta.alone", name=name)
