"""Copy a whole store from one database to another, of the same kind or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from deputize.errors import InvalidInput, StoreError
from deputize.store import chain
from deputize.store.database import Database, Transaction
from deputize.store.rows import number, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from deputize.store.database import Row, Value

_OWN = "meta"
"""The table that a new database has rows in: facts about itself, which it gives up for others."""


class CopyingTransaction(Transaction, Protocol):
    """A transaction for all tables alike: `names` fills in what stands as `$name` in a query."""

    def pages(self, name: str, /, **names: str) -> Iterator[list[Row]]:
        """Run a query and return its rows, some at a time."""
        ...

    def put(self, name: str, rows: Iterable[Mapping[str, Value]], /, **names: str) -> None:
        """Run a statement for each row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What is in the copy, and was compared with the original."""

    tables: Mapping[str, int]
    """How many rows each table has."""
    proven: int
    """How many entries of the journal are in an unbroken chain."""
    unsealed: int


def copy(source: Database, target: Database, tell: Callable[[str, int], None]) -> Copied:
    """Copy all rows, as they are at one moment, in one transaction; `tell` hears of each table.

    Raises InvalidInput where something is in the target already, and StoreError where the copy is
    not the same as the original.
    """
    with source.read() as reading, target.write() as writing:
        counts = _copy_all(
            cast("CopyingTransaction", reading), cast("CopyingTransaction", writing), tell
        )
    proof = chain.verify(target)
    if proof.problem:
        hint = "`deputize audit verify` on the original says whether it was so there"
        raise StoreError(f"everything was copied, but its journal: {proof.problem}", hint=hint)
    return Copied(tables=counts, proven=proof.count, unsealed=proof.unsealed_count)


def _copy_all(
    source: CopyingTransaction, target: CopyingTransaction, tell: Callable[[str, int], None]
) -> dict[str, int]:
    names = [text(row, "name") for row in source.all("copying.tables")]
    _require_empty(target, names)
    target.run("copying.defer")
    target.run("copying.forget")
    counts = {}
    for name in names:
        counts[name] = _copy_table(source, target, name)
        tell(name, counts[name])
    for row in target.all("copying.numbered"):
        list(target.pages("copying.go_on", table=text(row, "name")))
    return counts


def _require_empty(target: CopyingTransaction, names: Sequence[str]) -> None:
    if {text(row, "name") for row in target.all("copying.tables")} != set(names):
        raise StoreError("the two databases don't have the same tables")
    for name in names:
        if name != _OWN and _count(target, name):
            hint = "name a database that nobody has used: nothing was written"
            raise InvalidInput("the target is not empty: it has rows in " + name, hint=hint)


def _copy_table(source: CopyingTransaction, target: CopyingTransaction, name: str) -> int:
    copied = 0
    for rows in source.pages("copying.rows", table=name):
        columns = list(rows[0].keys())
        target.put(
            "copying.row",
            [{column: row[column] for column in columns} for row in rows],
            table=name,
            columns=", ".join(f'"{column}"' for column in columns),
            values=", ".join(f":{column}" for column in columns),
        )
        copied += len(rows)
    there = _count(target, name)
    if there != copied:
        raise StoreError(f"of {copied} rows of {name}, {there} are in the copy: nothing was kept")
    return copied


def _count(transaction: CopyingTransaction, name: str) -> int:
    ((row,),) = transaction.pages("copying.count", table=name)
    return number(row, "count")
