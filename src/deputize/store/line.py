"""The line of queued tasks: who is first in it, for a worker, as things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.model.fallback import Dry
from deputize.model.order import NOTHING, Barred, Busy, Front
from deputize.store.meta import alone
from deputize.store.rows import (
    maybe,
    maybe_moment,
    number,
    text,
    to_json,
    to_moment,
    to_text,
    words,
)
from deputize.store.tasks import task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from deputize.model.task import Task
    from deputize.store.database import Row, Transaction, Value


NOTHING_DRY = Dry()
_BARRED_BY = ("priority", "role", "agent", "provider", "plan", "git_dir", "labels")


class Reach(NamedTuple):
    """Which tasks a worker may take now."""

    worker: str
    roles: tuple[str, ...]
    """Empty: any."""
    barred: Barred
    now: datetime
    host: str | None = None
    """The machine whose repositories it reaches; None where all are on one."""
    dry: Dry = NOTHING_DRY
    replaceable: frozenset[str] = frozenset()
    """Agents that another may take over from while they are dry."""
    passed: tuple[int, ...] = ()
    """Tasks that were looked at already, and can't begin now."""

    @property
    def is_open(self) -> bool:
        """Tell whether nothing is barred."""
        return self.barred == NOTHING and self.dry == NOTHING_DRY and not self.passed

    @property
    def own(self) -> dict[str, Value]:
        """Return who reaches, as the values of a query."""
        return {
            "worker": self.worker,
            "now": to_text(self.now),
            "roles": _listed(self.roles),
            "host": self.host,
        }

    @property
    def bars(self) -> dict[str, Value]:
        """Return what is barred, as the values of a query."""
        return {
            "no_roles": _listed(self.barred.roles),
            "no_agents": _listed(self.barred.agents),
            "no_providers": _listed(self.barred.providers),
            "dry_agents": _listed(self.dry.agents),
            "dry_providers": _listed(self.dry.providers),
            "replaceable": to_json(sorted(self.replaceable)),
            "passed": _listed(tuple(map(str, self.passed))),
            "no_plans": _listed(frozenset(map(str, self.barred.plans))),
            "no_repositories": _listed(self.barred.repositories),
            "no_labels": _listed(self.barred.labels),
        }


def _listed(found: Collection[str]) -> str | None:
    return to_json(sorted(found)) if found else None


class Found(NamedTuple):
    """The first task of a line."""

    front: Front
    row: Row


Fronts = dict[int, Found]
"""The first task in reach of each priority."""


def fronts(transaction: Transaction, reach: Reach) -> Fronts:
    """Return the first task in reach of each priority."""
    if reach.barred.everything:
        return {}
    if reach.is_open:
        rows = transaction.all("tasks.fronts", **reach.own)
    else:
        rows = transaction.all("tasks.fronts_in_reach", **reach.own, **reach.bars)
    found = {}
    for row in rows:
        priority = number(row, "priority")
        found[priority] = Found(Front(priority, to_moment(row["ready_at"])), row)
    return found


def take(transaction: Transaction, reach: Reach, found: Found) -> Task | None:
    """Return the first task of a line, to be moved in this transaction.

    Where somebody else is just taking it, that is the next one of the line; None where there is
    none, and where another transaction is just taking one with the same lock.
    """
    if not transaction.is_shared:
        return _unlocked(transaction, task_of(found.row))
    row = transaction.one("tasks.take", **reach.own, ids=to_json([number(found.row, "id")]))
    if row is None or not _is_alike(row, found.row):
        return claimable(transaction, reach, found.front.priority)
    return _unlocked(transaction, task_of(row))


class Next(NamedTuple):
    """A task that comes soon in the line of its priority."""

    front: Front
    rank: int
    id: int
    is_plain: bool
    """Whether it wants no lock, and has no budget of its own."""


def ask_free(transaction: Transaction, reach: Reach, count: int) -> Callable[[], list[Next]]:
    """Ask for the first `count` tasks of each priority, each line in order.

    There are none while anything at all is closed: then `fronts` knows more.
    """
    asked = transaction.ask("tasks.free", **reach.own, count=count)
    return lambda: sorted((_next(row) for row in asked()), key=_place)


def _next(row: Row) -> Next:
    front = Front(number(row, "priority"), to_moment(row["ready_at"]))
    return Next(front, number(row, "rank"), number(row, "id"), bool(row["is_plain"]))


def _place(found: Next) -> tuple[int, int, int]:
    return found.front.priority, found.rank, found.id


def ask_take(
    transaction: Transaction, reach: Reach, chosen: Sequence[Next]
) -> Callable[[], list[Task]]:
    """Ask for those of some plain tasks that are still free, to be moved in this transaction."""
    ids = [found.id for found in chosen]
    asked = transaction.ask("tasks.take", **reach.own, ids=to_json(ids))
    return lambda: sorted(map(task_of, asked()), key=lambda task: ids.index(task.id))


def _is_alike(row: Row, other: Row) -> bool:
    """Tell whether a task is still what it was when bars were held against it."""
    return all(row[name] == other[name] for name in _BARRED_BY)


def claimable(transaction: Transaction, reach: Reach, priority: int) -> Task | None:
    """Return the first task in reach of a priority that nobody else is taking; else as `take`."""
    values = reach.own | reach.bars
    row = transaction.one("tasks.claimable", **values, priority=priority)
    return None if row is None else _unlocked(transaction, task_of(row))


def _unlocked(transaction: Transaction, task: Task) -> Task | None:
    """Return a task, unless its lock is taken."""
    if task.lock is None:
        return task
    alone(transaction, f"lock:{task.lock}")
    return task if task.lock not in {other.lock for other in busy(transaction)} else None


def busy(transaction: Transaction) -> list[Busy]:
    """Return what the running tasks occupy."""
    return [
        Busy(
            role=text(row, "role"),
            agent=text(row, "agent"),
            provider=maybe(row, "provider"),
            git_dir=maybe(row, "git_dir"),
            labels=words(row, "labels"),
            lock=maybe(row, "lock"),
            task=number(row, "id"),
        )
        for row in transaction.all("tasks.busy")
    ]


def ready_since(transaction: Transaction, task: int) -> datetime | None:
    """Return since when a task could have been taken; None where it never could yet."""
    row = transaction.one("tasks.ready_since", id=task)
    return None if row is None else maybe_moment(row["ready_at"])


def oldest_ready(transaction: Transaction, now: datetime) -> datetime | None:
    """Return since when the task that waits longest could have been taken."""
    row = transaction.one("tasks.oldest_ready", now=to_text(now))
    return None if row is None else maybe_moment(row["at"])
