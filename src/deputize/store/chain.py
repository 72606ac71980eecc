"""Seal the journal, and prove that nobody has touched it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.errors import StoreCorrupt
from deputize.store import archives, journal
from deputize.store.rows import to_text

if TYPE_CHECKING:
    from deputize.model.archive import Anchor
    from deputize.model.event import Entry
    from deputize.store.database import Database, Transaction

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `verify` found."""

    count: int
    """Entries whose hash is right, from the first on that was not archived."""
    archived_count: int
    """Entries that were archived: the first that is here is chained to the last of them."""
    broken: Entry | None
    """The first entry that does not fit the chain, where there is one to show."""
    problem: str | None
    """What is wrong; None where nothing is."""
    unsealed_count: int


def seal(transaction: Transaction, limit: int = BATCH) -> int:
    """Chain what happened since the last time, and return how many events that were.

    Only the holder of the lease `journal` may call this.
    """
    # Asked first: whoever had to wait for another sealer then sees what that one has sealed.
    until = journal.settled_until(transaction)
    seq, previous, after = journal.chain_end(transaction)
    entries = journal.unsealed(transaction, after, limit, until)
    for place, entry in enumerate(entries, seq + 1):
        previous = digest_of(previous, place, entry)
        journal.add_seal(transaction, place, entry.id, previous)
    return len(entries)


def has_unsealed(transaction: Transaction) -> bool:
    """Tell whether something happened since the last seal."""
    return bool(journal.unsealed(transaction, journal.chain_end(transaction)[2], 1))


def content_of(entry: Entry) -> dict[str, object]:
    """Return what is hashed of an entry, once it has its place: all of it but the hash."""
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": to_text(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "task": entry.task,
        "attempt": entry.attempt,
        "change": entry.change,
        "approval": entry.approval,
        "worker": entry.worker,
        "body": dict(entry.body),
    }


def canonical(content: dict[str, object]) -> bytes:
    """Write JSON in the one form of RFC 8785; raises StoreCorrupt where it has none."""
    import rfc8785

    try:
        return rfc8785.dumps(content)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise StoreCorrupt(f"event {content['id']} has no canonical form: {error}") from error


def digest_of(previous: str, seq: int, entry: Entry) -> str:
    """Hash an entry at its place, after the hash of the entry before it.

    Raises StoreCorrupt where it holds what `journal.append` would not have written.
    """
    return chained(previous, content_of(entry) | {"seq": seq})


def chained(previous: str, content: dict[str, object]) -> str:
    """Hash what is hashed of an entry, after the hash of the entry before it."""
    return hashlib.sha256(previous.encode() + canonical(content)).hexdigest()


def verify(database: Database) -> Proof:
    """Recompute the chain from the first entry that was not archived, in short transactions."""
    walk, limit = _Walk(), BATCH
    while True:
        try:
            found = _next(database, walk, limit)
        except StoreCorrupt as error:
            if limit == 1:
                return walk.proof(None, f"entry {walk.seq + 1} can't be read: {error}")
            limit = 1  # one by one, to name the entry
            continue
        if isinstance(found, Proof):
            return found
        for entry in found:
            problem = _problem(entry, walk.seq + 1, walk.hash)
            if problem:
                return walk.proof(entry, problem)
            walk.count, walk.seq, walk.hash = walk.count + 1, walk.seq + 1, entry.hash or ""


@dataclass(slots=True)
class _Walk:
    """How far the chain was followed, and how many entries of it were archived."""

    seq: int = 0
    hash: str = journal.FIRST_HASH
    count: int = 0
    archived: int = 0

    def begin_at(self, anchor: Anchor) -> None:
        """Go on after what was archived, maybe a moment ago: it is not to be found here."""
        self.archived = anchor.seq
        if anchor.seq > self.seq:
            self.seq, self.hash, self.count = anchor.seq, anchor.hash, 0

    def proof(self, entry: Entry | None, problem: str | None, unsealed: int = 0) -> Proof:
        """Say how far the chain holds, and what is wrong after that."""
        return Proof(
            count=self.count,
            archived_count=self.archived,
            broken=entry,
            problem=problem,
            unsealed_count=unsealed,
        )


def _next(database: Database, walk: _Walk, limit: int) -> list[Entry] | Proof:
    """Return the next entries of the chain; after the last one, what holds of the rest."""
    with database.read() as transaction:
        walk.begin_at(archives.anchor(transaction))
        return journal.sealed(transaction, walk.seq, limit) or _end(transaction, walk)


def _problem(entry: Entry, seq: int, previous: str) -> str | None:
    if entry.seq != seq:
        return f"entry {seq} is missing: the next one is {entry.seq}"
    try:
        digest = digest_of(previous, seq, entry)
    except StoreCorrupt as error:
        return f"entry {seq} can't be read: {error}"
    return None if entry.hash == digest else f"entry {seq} does not match its hash"


def _end(transaction: Transaction, walk: _Walk) -> Proof:
    """Look for what the walk along the chain can't see: a cut tail, an event slipped in."""
    end = journal.chain_end(transaction)[0]
    if end > walk.seq:
        return walk.proof(None, f"entry {walk.seq + 1} is missing: the chain has {end}")
    if end < walk.seq:
        return walk.proof(None, f"entry {walk.seq + 1} is missing: what came before was archived")
    strays = journal.stray_count(transaction)
    if strays:
        return walk.proof(None, f"{strays} events stand inside the chain without a place in it")
    return walk.proof(None, None, journal.unsealed_count(transaction))
