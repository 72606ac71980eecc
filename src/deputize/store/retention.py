"""What may leave the store, and how it leaves: whole families of rows, and the journal's beginning.

A family is a task with everything that belongs to it alone. Nothing here decides how long something
is kept, or deletes what is not on record in `archives`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from deputize.model.archive import Anchor
from deputize.store import archives
from deputize.store.rows import (
    from_json,
    maybe_number,
    number,
    text,
    to_json,
    to_moment,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from deputize.store.database import Row, Transaction

WINDOW = 500
"""Tasks that are looked at in one transaction."""
STEP = 500
"""Entries of the journal that are deleted in one transaction."""
READERS = 2
"""Who has to read each entry of the journal once: the daily files, and what is to be notified."""
NEVER = "0001"
"""A text before each moment."""


class Candidate(NamedTuple):
    """A task, and whether nothing but its age or other tasks may keep it."""

    id: int
    plan: int | None
    created_at: datetime
    is_free: bool


class LogFile(NamedTuple):
    """The log of an attempt."""

    attempt: int
    path: str
    kept_from: datetime | None = None
    """When the attempt ended, where its task is not final and so keeps it."""


def window(
    transaction: Transaction, after: int, before: datetime, read_until: int
) -> list[Candidate]:
    """Return the next tasks after an id; free are those that ended `before` a moment.

    `read_until` is the event up to which everybody has read the journal.
    """
    rows = transaction.all(
        "archives.window", after=after, before=to_text(before), read=read_until, limit=WINDOW
    )
    return [
        Candidate(
            number(row, "id"),
            maybe_number(row, "plan"),
            to_moment(row["created_at"]),
            bool(row["free"]),
        )
        for row in rows
    ]


def plan_sizes(transaction: Transaction, plans: Collection[int]) -> dict[int, int]:
    """Return how many tasks each of some plans has."""
    rows = transaction.all("archives.plan_sizes", ids=_ids(plans))
    return {number(row, "id"): number(row, "count") for row in rows}


def dependents(transaction: Transaction, needs: Collection[int]) -> list[tuple[int, int]]:
    """Return each need with a task that needs it."""
    rows = transaction.all("archives.dependents", ids=_ids(needs))
    return [(number(row, "need"), number(row, "task")) for row in rows]


def children(transaction: Transaction, roots: Collection[int]) -> list[tuple[int, int]]:
    """Return each task that delegated with one that it did."""
    rows = transaction.all("archives.children", ids=_ids(roots))
    return [(number(row, "root"), number(row, "id")) for row in rows]


def are_free(
    transaction: Transaction, tasks: Collection[int], before: datetime, read_until: int
) -> bool:
    """Lock some tasks, and tell whether all may still go."""
    transaction.all("archives.lock", ids=_ids(tasks))
    rows = transaction.all(
        "archives.still_free", ids=_ids(tasks), before=to_text(before), read=read_until
    )
    return len(rows) == len(tasks)


def family(transaction: Transaction, tasks: Collection[int]) -> Iterator[tuple[str, Row]]:
    """Yield all rows of some tasks, each with its kind, in an order to write them again in."""
    ids = _ids(tasks)
    plans = transaction.all("archives.plan_rows", ids=ids)
    plan_ids = _ids(number(row, "id") for row in plans)
    rows = {
        "plan": plans,
        "task": transaction.all("archives.task_rows", ids=ids),
        "need": transaction.all("archives.need_rows", ids=ids),
        "attempt": transaction.all("archives.attempt_rows", ids=ids),
        "change": transaction.all("archives.change_rows", ids=ids),
        "approval": transaction.all("archives.approval_rows", ids=ids),
        "session": transaction.all("archives.session_rows", ids=ids),
        "spending": [
            *transaction.all("archives.spending_rows", scope="task", ids=ids),
            *transaction.all("archives.spending_rows", scope="plan", ids=plan_ids),
        ],
    }
    for kind, found in rows.items():
        for row in found:
            yield kind, row


def delete_family(transaction: Transaction, tasks: Collection[int], plans: Collection[int]) -> None:
    """Delete all rows of some tasks, and plans that have no others."""
    ids = _ids(tasks)
    transaction.run("archives.delete_sessions", ids=ids)
    transaction.run("archives.delete_approvals", ids=ids)
    transaction.run("archives.delete_changes", ids=ids)
    transaction.run("archives.delete_attempts", ids=ids)
    transaction.run("archives.delete_needs", ids=ids)
    transaction.run("archives.delete_tasks", ids=ids)
    transaction.run("archives.delete_plans", ids=_ids(plans))
    transaction.run("archives.delete_spending", scope="task", ids=ids)
    transaction.run("archives.delete_spending", scope="plan", ids=_ids(plans))


def present(transaction: Transaction, tasks: Collection[int]) -> set[int]:
    """Return which of some tasks are in the store."""
    return {number(row, "id") for row in transaction.all("archives.present", ids=_ids(tasks))}


def added_at(transaction: Transaction, tasks: Collection[int]) -> dict[int, object]:
    """Return when those of some tasks were added that are in the store, as a row has it."""
    rows = transaction.all("archives.task_rows", ids=_ids(tasks))
    return {number(row, "id"): row["created_at"] for row in rows}


def with_log(transaction: Transaction, attempts: Collection[int]) -> set[int]:
    """Return which of some attempts, of final tasks, have a log."""
    rows = transaction.all("archives.with_log", ids=_ids(attempts))
    return {number(row, "id") for row in rows}


def logs_between(
    transaction: Transaction, after: datetime | None, before: datetime
) -> list[LogFile]:
    """Return the logs of attempts that ended after one moment and until another."""
    since = NEVER if after is None else to_text(after)
    return [
        LogFile(
            number(row, "id"),
            text(row, "log"),
            None if row["final"] else to_moment(row["finished_at"]),
        )
        for row in transaction.all("archives.log_files", after=since, before=to_text(before))
    ]


def logs_of(transaction: Transaction, tasks: Collection[int]) -> dict[int, list[LogFile]]:
    """Return the logs of some tasks."""
    found: dict[int, list[LogFile]] = {}
    for row in transaction.all("archives.logs_of", ids=_ids(tasks)):
        log = LogFile(number(row, "id"), text(row, "log"))
        found.setdefault(number(row, "task"), []).append(log)
    return found


def attempt_count(transaction: Transaction, tasks: Collection[int]) -> int:
    """Return how many attempts some tasks have had."""
    return number(cast("Row", transaction.one("archives.attempt_count", ids=_ids(tasks))), "count")


def forget_logs(transaction: Transaction, attempts: Collection[int]) -> None:
    """Note that some attempts have no log any more."""
    transaction.run("archives.forget_logs", ids=_ids(attempts))


def read_by_all(transaction: Transaction) -> Anchor:
    """Return the entry up to which everybody has read who must read each: files, notifications.

    The last entry of the chain is never counted: the next one is chained to it.
    """
    row = cast("Row", transaction.one("archives.cursors"))
    if number(row, "count") < READERS:
        return archives.BEGINNING
    newest = transaction.one("journal.last_seal")
    last = number(newest, "seq") - 1 if newest else 0
    place = transaction.one("archives.place", seq=min(number(row, "seq"), last))
    if place is None:
        return archives.anchor(transaction)
    return Anchor(number(place, "seq"), number(place, "event"), text(place, "hash"))


def is_sealed(transaction: Transaction, entry: Mapping[str, object]) -> bool:
    """Tell whether the chain has this hash at this place."""
    place = transaction.one("archives.place", seq=cast("int", entry["seq"]))
    return place is not None and place["hash"] == entry["hash"]


def first_owed(transaction: Transaction) -> int | None:
    """Return the first event of which a notification is owed."""
    row = transaction.one("archives.owed_first")
    return None if row is None else maybe_number(row, "id")


def is_whole(transaction: Transaction, after: Anchor, last: Anchor) -> bool:
    """Tell whether the chain begins after one place, and nothing stands beside it until another."""
    if archives.anchor(transaction) != after:
        return False
    owed = cast("Row", transaction.one("archives.owed", until=last.event))
    stray = cast("Row", transaction.one("journal.stray_count", until=last.event))
    return not (owed["count"] or stray["count"])


def delete_beginning(transaction: Transaction) -> int:
    """Delete the next of the journal's entries that are on record as archived; 0 if none is."""
    anchor = archives.anchor(transaction)
    row = cast("Row", transaction.one("archives.first_seal"))
    first = maybe_number(row, "seq")
    if first is None or first > anchor.seq:
        return 0
    until = min(first + STEP - 1, anchor.seq)
    place = cast("Row", transaction.one("archives.place", seq=until))
    deleted = transaction.run("archives.delete_seals", seq=until)
    transaction.run("archives.delete_events", event=number(place, "event"))
    return deleted


def note(transaction: Transaction, name: str, value: str) -> None:
    """Note how far something of this got."""
    transaction.run("meta.set", name=name, value=value)


def noted(transaction: Transaction, name: str) -> str | None:
    """Return what was noted."""
    row = transaction.one("meta.get", name=name)
    return None if row is None else text(row, "value")


def paths_noted(transaction: Transaction, name: str) -> list[str]:
    """Return a list of paths that was noted."""
    value = noted(transaction, name)
    return [] if value is None else cast("list[str]", from_json(value))


def _ids(numbers: Iterable[int]) -> str:
    return to_json(sorted(numbers))
