"""The line of queued tasks: who is first in it, for a worker, as things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.model.fallback import Dry
from deputize.model.order import Barred, Busy, Front
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
    from collections.abc import Collection
    from datetime import datetime

    from deputize.model.task import Task
    from deputize.store.database import Transaction, Value


NOTHING_DRY = Dry()


class Reach(NamedTuple):
    """Which tasks a worker may take now."""

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
    def values(self) -> dict[str, Value]:
        """Return it as the values of a query."""
        return {
            "now": to_text(self.now),
            "roles": _listed(self.roles),
            "no_roles": _listed(self.barred.roles),
            "no_agents": _listed(self.barred.agents),
            "no_providers": _listed(self.barred.providers),
            "dry_agents": _listed(self.dry.agents),
            "dry_providers": _listed(self.dry.providers),
            "replaceable": to_json(sorted(self.replaceable)),
            "passed": _listed(tuple(map(str, self.passed))),
            "host": self.host,
            "no_plans": _listed(frozenset(map(str, self.barred.plans))),
            "no_repositories": _listed(self.barred.repositories),
            "no_labels": _listed(self.barred.labels),
        }


def _listed(found: Collection[str]) -> str | None:
    return to_json(sorted(found)) if found else None


def fronts(transaction: Transaction, reach: Reach) -> list[Front]:
    """Return the first task in reach of each priority."""
    if reach.barred.everything:
        return []
    rows = transaction.all("tasks.fronts", **reach.values)
    return [Front(number(row, "priority"), to_moment(row["ready_at"])) for row in rows]


def claimable(transaction: Transaction, reach: Reach, priority: int) -> Task | None:
    """Return the first task in reach of a priority, to be moved in this transaction.

    None as well where another transaction is just taking one with the same lock.
    """
    found = _claimable(transaction, reach, priority)
    if found is None or found.lock is None:
        return found
    alone(transaction, f"lock:{found.lock}")
    return found if found.lock not in {task.lock for task in busy(transaction)} else None


def _claimable(transaction: Transaction, reach: Reach, priority: int) -> Task | None:
    row = transaction.one("tasks.claimable", **reach.values, priority=priority)
    return None if row is None else task_of(row)


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
