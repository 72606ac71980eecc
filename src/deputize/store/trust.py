"""Which commands of which repository a person has trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.store import journal, meta
from deputize.store.rows import to_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction


def is_trusted(transaction: Transaction, git_dir: str, digest: str) -> bool:
    """Tell whether these commands of this repository may run."""
    return transaction.one("trust.is_there", git_dir=git_dir, digest=digest) is not None


def alone_with(transaction: Transaction, git_dir: str) -> None:
    """Go on once nobody else asks about this repository, or answers, at the same time."""
    meta.alone(transaction, f"trust:{git_dir}")


def will_be_trusted(transaction: Transaction, git_dir: str, digest: str) -> bool:
    """Tell the same to whoever asks a person if not: an answer just being written is waited for."""
    alone_with(transaction, git_dir)
    return is_trusted(transaction, git_dir, digest)


def trust(transaction: Transaction, git_dir: str, digest: str, *, by: str, now: datetime) -> None:
    """Let these commands of this repository run, with the event."""
    alone_with(transaction, git_dir)
    transaction.run("trust.put", git_dir=git_dir, digest=digest, now=to_text(now), by=by)
    event = Event(
        kind="repository.trusted", actor=by, body={"repository": git_dir, "digest": digest}
    )
    journal.append(transaction, event, now)
