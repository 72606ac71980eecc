"""Facts about the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.store.rows import text

if TYPE_CHECKING:
    from deputize.store.database import Row, Transaction


def store_name(transaction: Transaction) -> str:
    """Return the short name of this store, which its refs in a repository carry."""
    return text(cast("Row", transaction.one("meta.get", name="store")), "value")
