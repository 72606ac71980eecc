"""Facts about the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.store.rows import text

if TYPE_CHECKING:
    from deputize.store.database import Row, Transaction


def store_name(transaction: Transaction) -> str:
    """Return the short name of this store, which its refs in a repository carry."""
    return text(cast("Row", transaction.one("meta.get", name="store")), "value")


def alone(transaction: Transaction, name: str) -> None:
    """Go on once no other open transaction has said this name.

    For what is looked up and then written where there is no row yet that could be locked.
    """
    transaction.one("meta.alone", name=name)


def ring(transaction: Transaction, who: str) -> None:
    """Wake the workers that share this store, as far as they listen; `who` rings is told them.

    Only a hint, and no change: a transaction that reads may do it.
    """
    transaction.one("meta.ring", who=who)
