"""Seal the journal, and prove that nobody has touched it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.store import journal
from deputize.store.rows import to_text

if TYPE_CHECKING:
    from deputize.model.event import Entry
    from deputize.store.database import Database, Transaction

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `verify` found."""

    count: int
    """Entries whose hash is right, from the first on."""
    broken: Entry | None
    """The first entry that does not fit the chain."""
    problem: str | None
    unsealed_count: int


def seal(transaction: Transaction, limit: int = BATCH) -> int:
    """Chain what happened since the last time, and return how many events that were.

    Only the holder of the lease `journal` may call this.
    """
    seq, previous, after = journal.chain_end(transaction)
    entries = journal.unsealed(transaction, after, limit)
    for place, entry in enumerate(entries, seq + 1):
        previous = digest_of(previous, place, entry)
        journal.add_seal(transaction, place, entry.id, previous)
    return len(entries)


def has_unsealed(transaction: Transaction) -> bool:
    """Tell whether something happened since the last seal."""
    return bool(journal.unsealed(transaction, journal.chain_end(transaction)[2], 1))


def digest_of(previous: str, seq: int, entry: Entry) -> str:
    """Hash an entry at its place, after the hash of the entry before it."""
    import rfc8785

    content = {
        "seq": seq,
        "id": entry.id,
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
    return hashlib.sha256(previous.encode() + rfc8785.dumps(content)).hexdigest()  # type: ignore[arg-type]


def verify(database: Database) -> Proof:
    """Recompute the chain from its first entry, in short transactions."""
    count, previous = 0, journal.FIRST_HASH
    while True:
        with database.read() as transaction:
            entries = journal.sealed(transaction, after=count, limit=BATCH)
            if not entries:
                return _proof(transaction, count)
        for entry in entries:
            problem = _problem(entry, count + 1, previous)
            if problem:
                return Proof(count=count, broken=entry, problem=problem, unsealed_count=0)
            count, previous = count + 1, entry.hash or ""


def _problem(entry: Entry, seq: int, previous: str) -> str | None:
    if entry.seq != seq:
        return f"entry {seq} is missing: the next one is {entry.seq}"
    if entry.hash != digest_of(previous, seq, entry):
        return f"entry {seq} does not match its hash"
    return None


def _proof(transaction: Transaction, count: int) -> Proof:
    return Proof(
        count=count, broken=None, problem=None, unsealed_count=journal.unsealed_count(transaction)
    )
