"""The seam between the store and a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Value = str | int | float | bytes | None
Row = Mapping[str, Value]
Asked = Callable[[], list[Row]]
"""Gives the rows that were asked for."""


class Transaction(Protocol):
    """An open transaction: runs named queries. Bad rows raise `sqlite3`-free errors of our tree."""

    @property
    def is_shared(self) -> bool:
        """Whether other machines may work on this database."""
        ...

    def one(self, name: str, /, **values: Value) -> Row | None:
        """Run a query and return its first row."""
        ...

    def all(self, name: str, /, **values: Value) -> list[Row]:
        """Run a query and return all its rows."""
        ...

    def ask(self, name: str, /, **values: Value) -> Asked:
        """Run a query whose rows are wanted later: what is asked together is waited for once."""
        ...

    def run(self, name: str, /, **values: Value) -> int:
        """Run a statement and return how many rows it touched."""
        ...

    def tell(self, name: str, /, **values: Value) -> None:
        """Run a statement of whose outcome nothing is wanted: it is not waited for.

        What is wrong with it is raised at once, by a later statement, or at the transaction's end.
        Each is done by the time of the next statement that isn't told; what is told until then
        doesn't build on one another, but in the order in which the first of each name was told.
        """
        ...

    def give(self, name: str, rows: Iterable[Mapping[str, Value]], /) -> list[Row]:
        """Run a statement for each of several rows and return what each gives, in any order."""
        ...


class Applied(NamedTuple):
    """A migration that was carried out."""

    number: int
    name: str


class Contention:
    """How often writers of this process had to wait for others, and how long, since it began."""

    __slots__ = ("longest_seconds", "waited_count", "waited_seconds", "write_count")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.write_count = self.waited_count = 0
        self.waited_seconds = self.longest_seconds = 0.0

    def note(self, seconds: float) -> None:
        """Note that one has waited."""
        self.waited_count += 1
        self.waited_seconds += seconds
        self.longest_seconds = max(self.longest_seconds, seconds)


class Database(Protocol):
    """A database that holds our tables. Its two implementations pass one suite of tests."""

    @property
    def applied(self) -> tuple[Applied, ...]:
        """The migrations by which opening it brought it up to date."""
        ...

    @property
    def place(self) -> str:
        """Where it is, in a form that may be shown."""
        ...

    @property
    def contention(self) -> Contention:
        """How its writers have fared beside others."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that sees one moment and writes nothing. Keep it short."""
        ...

    def write(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that commits durably at its end, or leaves no trace if it raises."""
        ...

    def jot(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes as `write` does, and may not wait for the disk.

        It outlives our process at once, and the machine's failure from the next `write` or
        `settle` on. What follows on it must not count on more.
        """
        ...

    def settle(self) -> None:
        """Have the disk keep what was jotted down; raises StoreUnavailable where it can't."""
        ...

    def sweep(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes, for deleting rows with all that refers to them.

        Where looking for what refers to a row costs a walk through a whole table, it is left out.
        """
        ...

    def changes(self) -> int:
        """Return a number that differs whenever another connection has committed something."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
