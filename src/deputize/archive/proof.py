"""Prove that archive files hold what was put into them, and that the chain goes through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from deputize.archive.file import UNREADABLE, lines_of, sha256_of
from deputize.errors import StoreCorrupt
from deputize.model.archive import Anchor
from deputize.store import archives, journal
from deputize.store.chain import chained

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.model.archive import Archive, Stretch
    from deputize.model.event import Entry
    from deputize.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProof:
    """What was found of the archive files."""

    whole: tuple[str, ...]
    """Files that are as they were written."""
    missing: tuple[str, ...]
    """Files that are not here; what is in the store is proven all the same."""
    problems: tuple[str, ...]
    """What is wrong."""


def verify_archives(database: Database, home: Home) -> ArchiveProof:
    """Look at every file that is on record: its hash, the chain through it, and what it follows."""
    with database.read() as transaction:
        known = archives.listing(transaction)
        told = {archive.event: journal.get(transaction, archive.event) for archive in known}
    whole: list[str] = []
    missing: list[str] = []
    problems: list[str] = []
    anchor = archives.BEGINNING
    for archive in known:
        problem = _on_record(archive, anchor, told[archive.event])
        path = home.archive / archive.file
        if problem is None and not path.exists():
            missing.append(archive.file)
        else:
            problem = problem or _in_file(archive, path)
            (problems if problem else whole).append(problem or archive.file)
        anchor = archive.stretch.last if archive.stretch else anchor
    return ArchiveProof(whole=tuple(whole), missing=tuple(missing), problems=tuple(problems))


def _on_record(archive: Archive, anchor: Anchor, told: Entry | None) -> str | None:
    """Compare the record of a file with the one before, and with what the journal tells of it."""
    stretch = archive.stretch
    if stretch and (stretch.first_seq, stretch.before_hash) != (anchor.seq + 1, anchor.hash):
        return f"{archive.file} does not follow entry {anchor.seq}, where the one before ends"
    if told is None:  # archived itself, or the store is too old to know
        return None
    body = {
        "file": archive.file,
        "sha256": archive.sha256,
        "last_hash": stretch and stretch.last.hash,
    }
    if told.kind == "archive.written" and body.items() <= told.body.items():
        return None
    return f"{archive.file} is not on record as the journal tells"


def _in_file(archive: Archive, path: Path) -> str | None:
    """Say what is wrong with a file."""
    try:
        if sha256_of(path) != archive.sha256:
            return f"{archive.file} was changed: its hash is another"
        reached = _walk(archive.stretch, path)
    except (*UNREADABLE, StoreCorrupt) as error:
        return f"{archive.file} can't be read: {error}"
    if archive.stretch and reached != archive.stretch.last:
        return f"{archive.file} does not hold the chain up to entry {archive.stretch.last.seq}"
    return None


def _walk(stretch: Stretch | None, path: Path) -> Anchor | None:
    """Follow the chain through a file, and return how far it holds."""
    if stretch is None:
        return None
    place = Anchor(stretch.first_seq - 1, 0, stretch.before_hash)
    for kind, row in lines_of(path):
        if kind != "event":
            continue
        claimed = row.pop("hash")
        digest = chained(place.hash, row)
        if row["seq"] != place.seq + 1 or digest != claimed:
            return place
        place = Anchor(place.seq + 1, cast("int", row["id"]), digest)
    return place
