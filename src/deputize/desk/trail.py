"""The audit trail for readers: the journal's entries, a record of each attempt, and the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.audit import rebuild as audit_files
from deputize.audit import rendering, story, trail
from deputize.desk import history, pruning, tasks
from deputize.desk.documents import event_document
from deputize.store import journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from deputize.archive.proof import ArchiveProof
    from deputize.audit.trail import Record
    from deputize.desk.context import Desk
    from deputize.desk.documents import Document
    from deputize.model.event import Entry
    from deputize.store.chain import Proof

PAGE = 1000
"""Entries that are read at a time."""


def entries_of(
    desk: Desk,
    *,
    task: int | None = None,
    since: datetime | None = None,
    limit: int | None = None,
    routine: bool = True,
) -> Iterator[Entry]:
    """Yield entries, oldest first, or the last `limit` of them; NotFound for an unknown task.

    Without `routine`, tool calls are left out that the gate let pass, and how they ended.
    """
    if task is not None:
        tasks.view(desk, task)
    after = 0
    if limit is not None:
        with desk.database.read() as transaction:
            after = journal.before_last(transaction, limit, task=task, since=since, routine=routine)
    while page := history.entries(
        desk, task=task, since=since, after=after, limit=PAGE, routine=routine
    ):
        after = page[-1].id
        yield from (entry for entry in page if since is None or entry.at >= since)


def records_of(
    desk: Desk,
    *,
    task: int | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Record]:
    """Return what each finished attempt was told, did and left behind; NotFound as above."""
    if task is not None:
        tasks.view(desk, task)
    return trail.records(desk.database, task=task, since=since, limit=limit)


def record_document(record: Record) -> Document:
    """Describe the record of an attempt, redacted."""
    return trail.document_of(record)


def markdown(records: list[Record], entries: Iterable[Entry] | None = None) -> str:
    """Write records as a Markdown page; with what happened to their task, if that is wanted."""
    page = rendering.as_markdown(records)
    return page if entries is None else page + story.story_of(entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was proven, and what was not."""

    proof: Proof
    files: list[str]
    """Daily files that don't hold what the journal says."""
    archives: ArchiveProof

    @property
    def ok(self) -> bool:
        """Tell whether nothing is wrong; that an archive file is elsewhere is not wrong."""
        return not (self.proof.problem or self.files or self.archives.problems)


def verify(desk: Desk) -> Verified:
    """Recompute the journal's chain, here and in the archives, and look at the daily files."""
    proof = history.verify(desk)
    files = [] if proof.problem else file_problems(desk)
    return Verified(proof=proof, files=files, archives=pruning.proof(desk))


def proof_document(verified: Verified) -> Document:
    """Describe what `verify` found."""
    proof, archives = verified.proof, verified.archives
    return {
        "ok": verified.ok,
        "count": proof.count,
        "archived_count": proof.archived_count,
        "unsealed_count": proof.unsealed_count,
        "problem": proof.problem,
        "broken": event_document(proof.broken) if proof.broken else None,
        "files": verified.files,
        "archives": {
            "whole": list(archives.whole),
            "missing": list(archives.missing),
            "problems": list(archives.problems),
        },
    }


def file_problems(desk: Desk) -> list[str]:
    """Say which audit files are missing or differ from the journal; they are not mended."""
    return audit_files.problems(desk.database, desk.home)


def rebuild(desk: Desk) -> tuple[str, ...]:
    """Write the audit files again from the journal; return those that were missing or wrong."""
    return audit_files.rebuild(desk.database, desk.home, actor=desk.actor, now=desk.clock.now())
