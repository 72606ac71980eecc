"""What is old enough to go, and that nothing needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import StoreCorrupt
from deputize.model.archive import Anchor, going_together
from deputize.store import archives, journal, retention
from deputize.store.chain import digest_of
from deputize.store.rows import to_moment, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from deputize.config.home import Home
    from deputize.config.settings import RetentionSettings
    from deputize.model.event import Entry
    from deputize.store.database import Database
    from deputize.store.retention import LogFile

PAGE = 500
TICK = timedelta(microseconds=1)
"""The smallest span between two moments in the store."""


class Cutoffs(NamedTuple):
    """Until when something has to have ended that may go; None where it is kept for ever."""

    logs: datetime | None
    tasks: datetime | None
    events: datetime | None


def cutoffs_of(settings: RetentionSettings, now: datetime) -> Cutoffs:
    """Return what the settings mean at a moment."""
    spans = (settings.logs_seconds, settings.tasks_seconds, settings.events_seconds)
    return Cutoffs(*(now - timedelta(seconds=span) if span else None for span in spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """All that may go at a moment, but the events: how many of those may depends on the tasks."""

    tasks: tuple[int, ...]
    logs: tuple[LogFile, ...]
    """Those of tasks that stay."""
    logs_until: datetime | None
    """Until when no attempt that ended has a log any more, once those have gone."""


def due(database: Database, home: Home, cutoffs: Cutoffs, mark: str) -> Due:
    """Choose what may go; `mark` is the name under which it is noted how far the logs got."""
    tasks = _tasks(database, cutoffs.tasks) if cutoffs.tasks else ()
    if cutoffs.logs is None:
        return Due(tasks=tasks, logs=(), logs_until=None)
    with database.read() as transaction:
        noted = retention.noted(transaction, mark)
        after = to_moment(noted) if noted else None
        old = retention.logs_between(transaction, after, cutoffs.logs)
    kept = [log.kept_from - TICK for log in old if log.kept_from]
    going = set(tasks_logs(database, tasks))
    logs = tuple(
        log
        for log in old
        if log.kept_from is None and log.attempt not in going and is_ours(home, log)
    )
    return Due(tasks=tasks, logs=logs, logs_until=min([cutoffs.logs, *kept]))


def note_of_logs(until: datetime) -> str:
    """Return how it is noted until when the logs have gone."""
    return to_text(until)


def tasks_logs(database: Database, tasks: Iterable[int]) -> dict[int, LogFile]:
    """Return the logs of tasks, by the attempts that they are of."""
    found: dict[int, LogFile] = {}
    for chunk in in_chunks(tasks):
        with database.read() as transaction:
            for logs in retention.logs_of(transaction, chunk).values():
                found.update({log.attempt: log for log in logs})
    return found


def is_ours(home: Home, log: LogFile) -> bool:
    """Tell whether a log is a file of this home: another machine's is not for us to delete."""
    path = Path(log.path)
    return path.parent == home.logs / "attempts" and path.is_file() and not path.is_symlink()


def in_chunks(numbers: Iterable[int], size: int = PAGE) -> Iterator[tuple[int, ...]]:
    """Yield numbers, some at a time."""
    rest = iter(numbers)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def _tasks(database: Database, before: datetime) -> tuple[int, ...]:
    """Return the tasks that may go, oldest first, but none before what it has delegated."""
    free = _free(database, before)
    sizes: dict[int, int] = {}
    needed: dict[int, list[int]] = {}
    roots: set[int] = set()
    for chunk in in_chunks({plan for plan in free.values() if plan is not None}):
        with database.read() as transaction:
            sizes.update(retention.plan_sizes(transaction, chunk))
    for chunk in in_chunks(free):
        with database.read() as transaction:
            delegated = retention.children(transaction, chunk)
            roots.update(root for root, _ in delegated)
            for need, task in [*retention.dependents(transaction, chunk), *delegated]:
                needed.setdefault(need, []).append(task)
    going = going_together(free, sizes, needed)
    return tuple(sorted(going, key=lambda task: (task in roots, task)))


def _free(database: Database, before: datetime) -> dict[int, int | None]:
    """Return the tasks that only others may keep, with their plans; none of them is younger."""
    free: dict[int, int | None] = {}
    after = 0
    while True:
        with database.read() as transaction:
            read_until = retention.read_by_all(transaction).event
            page = retention.window(transaction, after, before, read_until)
        free.update({task.id: task.plan for task in page if task.is_free})
        if all(task.created_at > before for task in page):
            return free
        after = page[-1].id


def beginning(
    database: Database, anchor: Anchor, before: datetime | None, gone: frozenset[int]
) -> Iterator[Entry]:
    """Yield the journal's entries after an anchor that may go, up to the first that may not.

    That is one that is younger, one of a task that stays (those in `gone` don't), and one that
    somebody has not read yet or is still to be told of. Raises StoreCorrupt where the chain is
    broken: nothing is taken away of a journal that somebody has changed.
    """
    while before is not None:
        with database.read() as transaction:
            until = retention.read_by_all(transaction).seq
            owed = retention.first_owed(transaction)
            page = journal.sealed(transaction, anchor.seq, PAGE)
            told = {entry.task for entry in page if entry.task is not None}
            kept = retention.present(transaction, told) - gone
        for entry in page:
            is_read = (entry.seq or 0) <= until and (owed is None or entry.id < owed)
            if not is_read or entry.at > before or entry.task in kept:
                return
            anchor = _next(anchor, entry)
            yield entry
        if not page:
            return


def _next(anchor: Anchor, entry: Entry) -> Anchor:
    """Return the place of an entry that is chained to an anchor."""
    seq = anchor.seq + 1
    if entry.seq != seq or digest_of(anchor.hash, seq, entry) != entry.hash:
        hint = "`deputize audit verify` names what is wrong; nothing was archived"
        raise StoreCorrupt(f"the journal was changed at entry {seq}", hint=hint)
    return Anchor(seq, entry.id, entry.hash or "")


def anchor_of(database: Database) -> Anchor:
    """Return up to where the journal was archived."""
    with database.read() as transaction:
        return archives.anchor(transaction)
