"""The verb `prune`, and what is to be said of archives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.archive.choosing import (
    Cutoffs,
    anchor_of,
    beginning,
    cutoffs_of,
    due,
    is_ours,
    tasks_logs,
)
from deputize.archive.file import PATTERN
from deputize.archive.leftovers import unrecorded
from deputize.archive.proof import verify_archives
from deputize.archive.pruning import Pruning, prune
from deputize.audit.daily import drop_archived
from deputize.config.load import load_config
from deputize.store import archives, retention
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.archive.proof import ArchiveProof
    from deputize.desk.context import Desk
    from deputize.model.archive import Archive

GRACE = timedelta(days=7)
"""How long something that may go is not called overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much goes."""

    tasks: int = 0
    attempts: int = 0
    events: int = 0
    log_files: int = 0
    log_bytes: int = 0

    def plus(self, other: Counts) -> Counts:
        """Return both together."""
        mine, theirs = self.document(), other.document()
        return Counts(**{name: mine[name] + theirs[name] for name in mine})

    def document(self) -> dict[str, int]:
        """Describe it."""
        return asdict(self)


def would_go(desk: Desk, older_than: int | None = None) -> Counts:
    """Return what `go` would archive and delete now, without doing it."""
    pruning = _pruning(desk, older_than)
    found = due(desk.database, desk.home, pruning.cutoffs, pruning.logs_mark)
    own = tasks_logs(desk.database, found.tasks).values()
    logs = [*found.logs, *(log for log in own if is_ours(desk.home, log))]
    entries = beginning(
        desk.database, anchor_of(desk.database), pruning.cutoffs.events, frozenset(found.tasks)
    )
    with desk.database.read() as transaction:
        attempts = retention.attempt_count(transaction, found.tasks)
    return Counts(
        tasks=len(found.tasks),
        attempts=attempts,
        events=sum(1 for _ in entries),
        log_files=len(logs),
        log_bytes=sum(Path(log.path).stat().st_size for log in logs),
    )


def go(desk: Desk, older_than: int | None = None) -> Iterator[Archive]:
    """Archive what is old and delete it, file by file; yield each.

    Raises NotYet where another process is at it, and StoreError.
    """
    yield from prune(_pruning(desk, older_than))
    drop_archived(desk.database, desk.home)


def counts_of(made: Archive) -> Counts:
    """Return what went to an archive."""
    return Counts(
        tasks=made.counts.get("task", 0),
        attempts=made.counts.get("attempt", 0),
        events=made.counts.get("event", 0),
        log_files=made.counts.get("log", 0),
        log_bytes=made.counts.get("log_bytes", 0),
    )


def proof(desk: Desk) -> ArchiveProof:
    """Prove all archive files that are on record."""
    return verify_archives(desk.database, desk.home)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a quick look at the archive files found."""

    count: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    """Files of another size than when they were written."""
    strangers: tuple[str, ...]
    """Files that are not on record."""
    overdue: int | None
    """A task that should have gone a while ago."""


def looked_at(desk: Desk) -> Looked:
    """Look at names and sizes of the files that were written here, not into them."""
    with desk.database.read() as transaction:
        known = archives.listing(transaction)
    kept = load_config(desk.home.config).retention.tasks_seconds
    sizes = {path.name: path.stat().st_size for path in desk.home.archive.glob(PATTERN)}
    here = [each for each in known if each.host == this_host()]
    return Looked(
        count=len(known),
        missing=tuple(each.file for each in here if each.file not in sizes),
        changed=tuple(
            each.file for each in known if sizes.get(each.file, each.size_bytes) != each.size_bytes
        ),
        strangers=tuple(path.name for path in unrecorded(desk.database, desk.home)),
        overdue=_overdue(desk, kept) if kept else None,
    )


def _overdue(desk: Desk, kept_seconds: int) -> int | None:
    """Return a task among the oldest that nothing has kept for longer than it takes to prune."""
    before = desk.clock.now() - timedelta(seconds=kept_seconds) - GRACE
    with desk.database.read() as transaction:
        read_until = retention.read_by_all(transaction).event
        oldest = retention.window(transaction, 0, before, read_until)
    return next((each.id for each in oldest if each.is_free), None)


def _pruning(desk: Desk, older_than: int | None) -> Pruning:
    now = desk.clock.now()
    cutoffs = cutoffs_of(load_config(desk.home.config).retention, now)
    if older_than is not None:
        cutoffs = Cutoffs(*(now - timedelta(seconds=older_than),) * 3)
    return Pruning(
        database=desk.database,
        home=desk.home,
        clock=desk.clock,
        cutoffs=cutoffs,
        actor=desk.actor,
    )
