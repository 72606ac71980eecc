"""Prune: write what is old to a file, see that it is there, and only then delete it.

In each step the file is durable and read back before the transaction that puts it on record; that
transaction deletes the tasks. The entries of the journal and the logs that it holds are deleted
afterwards, by whoever comes next where this process does not come to it. Killed at any moment, it
leaves at most a file that is not on record, whose content is all still in the store.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import log
from deputize.archive.choosing import (
    Cutoffs,
    Due,
    anchor_of,
    beginning,
    due,
    in_chunks,
    is_ours,
    note_of_logs,
    tasks_logs,
)
from deputize.archive.file import SCHEMA, ArchiveWriter, line_of, new_name, unwritable
from deputize.archive.leftovers import remove_leftovers
from deputize.config.home import ensure
from deputize.errors import NotYet
from deputize.model.archive import Anchor, Archive, Stretch, ranges_of
from deputize.model.attempt import answer_beside
from deputize.model.event import Event
from deputize.store import archives, journal, meta, retention
from deputize.store.chain import content_of
from deputize.store.rows import number, to_json, to_text
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from deputize.archive.file import Written
    from deputize.clock import Clock
    from deputize.config.home import Home
    from deputize.store.database import Database, Transaction
    from deputize.store.retention import LogFile

MOST_TASKS = 200
"""Tasks that are deleted in one transaction."""
MOST_LOGS = 1000
MOST_LOG_BYTES = 64 << 20
"""What the logs in one file hold at most, but for one that is larger alone."""
MOST_ENTRIES = 20_000
"""Entries of the journal in one file; they are deleted in steps."""
PAUSE_SECONDS = 0.01
"""How long others have the database for themselves between two transactions of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """Who prunes what, and until when it has to have ended."""

    database: Database
    home: Home
    clock: Clock
    cutoffs: Cutoffs
    actor: str

    @property
    def logs_mark(self) -> str:
        """The name under which it is noted until when the logs of this home have gone."""
        return f"logs_archived_until:{this_host()}:{self.home.path}"

    @property
    def paths_mark(self) -> str:
        """The name under which the logs are noted that are archived and still to be deleted."""
        return f"logs_to_delete:{this_host()}:{self.home.path}"


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What goes into one file."""

    tasks: tuple[int, ...]
    logs: list[LogFile]
    rows: str = ""
    """A hash over the rows of the tasks as they were written."""
    plans: list[int] = field(default_factory=list)
    anchor: Anchor = archives.BEGINNING
    last: Anchor = archives.BEGINNING


def prune(pruning: Pruning) -> Iterator[Archive]:
    """Archive and delete all that may go, file by file; yield each once it is done with.

    Raises NotYet where another process prunes this home, StoreUnavailable where a file can't be
    written, and StoreCorrupt where the journal was changed.
    """
    with _alone(ensure(pruning.home.archive)):
        settle(pruning)
        remove_leftovers(pruning.database, pruning.home)
        cutoffs = pruning.cutoffs
        found = due(pruning.database, pruning.home, cutoffs, pruning.logs_mark)
        for batch in _batches(pruning, found):
            made = _archive(pruning, batch)
            if made is not None:
                settle(pruning)
                yield made
        if found.logs_until is not None:
            with pruning.database.write() as transaction:
                until = note_of_logs(found.logs_until)
                if until > (retention.noted(transaction, pruning.logs_mark) or ""):
                    retention.note(transaction, pruning.logs_mark, until)


def settle(pruning: Pruning) -> None:
    """Delete what is on record as archived and still here: entries of the journal, and logs."""
    deleted = 1
    while deleted:
        with pruning.database.write() as transaction:
            deleted = retention.delete_beginning(transaction)
        time.sleep(PAUSE_SECONDS)
    with pruning.database.read() as transaction:
        paths = retention.paths_noted(transaction, pruning.paths_mark)
    for path in paths:
        if Path(path).parent == pruning.home.logs / "attempts":
            Path(path).unlink(missing_ok=True)
            Path(answer_beside(path)).unlink(missing_ok=True)
    if paths:
        with pruning.database.write() as transaction:
            retention.note(transaction, pruning.paths_mark, "[]")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep every other process from pruning this home meanwhile."""
    with (folder / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "it goes on by itself; try again in a while"
            raise NotYet("another process is pruning", hint=hint) from error
        yield


def _batches(pruning: Pruning, found: Due) -> Iterator[_Batch]:
    """Yield what goes into each file: tasks with their logs, other logs, and what is left."""
    waiting = deque(found.logs)
    for tasks in in_chunks(found.tasks, MOST_TASKS):
        for some in _by_size(pruning, tasks):
            logs = tasks_logs(pruning.database, some).values()
            ours = [log for log in logs if is_ours(pruning.home, log)]
            yield _Batch(tasks=some, logs=_topped(ours, waiting))
    while True:
        before = anchor_of(pruning.database)
        yield _Batch(tasks=(), logs=_topped([], waiting))
        if not waiting and anchor_of(pruning.database) == before:
            return


def _topped(logs: list[LogFile], waiting: deque[LogFile]) -> list[LogFile]:
    """Add logs that wait to those of a file, until there are enough in it."""
    size = sum(map(_size, logs))
    while waiting and len(logs) < MOST_LOGS and size < MOST_LOG_BYTES:
        logs.append(waiting.popleft())
        size += _size(logs[-1])
    return logs


def _by_size(pruning: Pruning, tasks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield tasks, so many at a time that their logs aren't too large together."""
    with pruning.database.read() as transaction:
        logs = retention.logs_of(transaction, tasks)
    some: list[int] = []
    size = 0
    for task in tasks:
        own = sum(map(_size, logs.get(task, ())))
        if some and size + own > MOST_LOG_BYTES:
            yield tuple(some)
            some, size = [], 0
        some.append(task)
        size += own
    yield tuple(some)


def _size(log_file: LogFile) -> int:
    path = Path(log_file.path)
    return path.stat().st_size if path.exists() else 0


def _archive(pruning: Pruning, batch: _Batch) -> Archive | None:
    """Write a batch to a file and take it out of the store; None where there is nothing to do.

    Where something of it was changed meanwhile, such as a task that a person set going again,
    nothing is taken out, and the next time another batch is made.
    """
    folder, now = pruning.home.archive, pruning.clock.now()
    with pruning.database.read() as transaction:
        taken = {archive.file for archive in archives.listing(transaction)}
        store = meta.store_name(transaction)
        batch.anchor = batch.last = archives.anchor(transaction)
    try:
        with ArchiveWriter(folder, new_name(folder, now, taken)) as writer:
            head = {"schema": SCHEMA, "store": store, "made_at": to_text(now)}
            after = {"seq": batch.anchor.seq, "hash": batch.anchor.hash}
            writer.line("archive", {**head, "after": after})
            _write(pruning, batch, writer)
            if sum(writer.counts.values()) == 1:
                return None
            written = writer.finish()
    except OSError as error:
        raise unwritable(folder, error) from error
    made = _take_out(pruning, batch, written, now)
    if made is None:
        written.path.unlink()
        log.get("archive").info("something changed meanwhile", file=written.path.name)
    return made


def _write(pruning: Pruning, batch: _Batch, writer: ArchiveWriter) -> None:
    rows = hashlib.sha256()
    with pruning.database.read() as transaction:
        family = list(retention.family(transaction, batch.tasks))
    for kind, row in family:
        rows.update(writer.line(kind, row))
        if kind == "plan":
            batch.plans.append(number(row, "id"))
    batch.rows = rows.hexdigest()
    for each in batch.logs:
        writer.log(each.attempt, Path(each.path))
    before = pruning.cutoffs.events
    for entry in beginning(pruning.database, batch.anchor, before, frozenset(batch.tasks)):
        writer.line("event", content_of(entry) | {"hash": entry.hash})
        batch.last = Anchor(entry.seq or 0, entry.id, entry.hash or "")
        if writer.counts["event"] >= MOST_ENTRIES:
            return


def _take_out(pruning: Pruning, batch: _Batch, written: Written, now: datetime) -> Archive | None:
    """Put a file on record and delete its tasks, in one transaction with the event of it."""
    with pruning.database.sweep() as transaction:
        if not _is_as_written(transaction, pruning, batch):
            return None
        archive = _told(transaction, pruning, batch, written, now)
        archives.record(transaction, archive)
        retention.delete_family(transaction, batch.tasks, batch.plans)
        retention.forget_logs(transaction, [each.attempt for each in batch.logs])
        paths = [each.path for each in batch.logs]
        retention.note(transaction, pruning.paths_mark, to_json(paths))
        return archive


def _is_as_written(transaction: Transaction, pruning: Pruning, batch: _Batch) -> bool:
    """Lock what is to go, and tell whether it still is as it was written to the file."""
    until = retention.read_by_all(transaction).event
    before = pruning.cutoffs.tasks
    if before and not retention.are_free(transaction, batch.tasks, before, until):
        return False
    rows = hashlib.sha256()
    for kind, row in retention.family(transaction, batch.tasks):
        rows.update(line_of(kind, row))
    attempts = [each.attempt for each in batch.logs]
    if len(retention.with_log(transaction, attempts)) != len(attempts):
        return False
    whole = retention.is_whole(transaction, batch.anchor, batch.last)
    return whole and rows.hexdigest() == batch.rows


def _told(
    transaction: Transaction, pruning: Pruning, batch: _Batch, written: Written, now: datetime
) -> Archive:
    """Tell the journal of a file, and return how it is put on record."""
    counts = {kind: count for kind, count in written.counts.items() if kind != "archive"}
    counts |= {"log": len(batch.logs), "log_bytes": sum(map(_size, batch.logs))}
    first, last = batch.anchor.seq + 1, batch.last
    stretch = Stretch(first, batch.anchor.hash, last) if last.seq >= first else None
    body = {
        "file": written.path.name,
        "sha256": written.sha256,
        "size_bytes": written.size_bytes,
        "counts": counts,
        "last_seq": stretch and last.seq,
        "last_hash": stretch and last.hash,
    }
    event = Event(kind="archive.written", actor=pruning.actor, body=body)
    journal.append(transaction, event, now)
    return Archive(
        file=written.path.name,
        host=this_host(),
        sha256=written.sha256,
        size_bytes=written.size_bytes,
        made_at=now,
        event=archives.telling(transaction, written.path.name),
        stretch=stretch,
        tasks=ranges_of(batch.tasks),
        logs=ranges_of(each.attempt for each in batch.logs),
        counts=counts,
    )
