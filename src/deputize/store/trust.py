"""Which commands of which repository a person has trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.store import journal
from deputize.store.rows import to_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction


def is_trusted(transaction: Transaction, git_dir: str, digest: str) -> bool:
    """Tell whether these commands of this repository may run."""
    return transaction.one("trust.is_there", git_dir=git_dir, digest=digest) is not None


def trust(transaction: Transaction, git_dir: str, digest: str, *, by: str, now: datetime) -> None:
    """Let these commands of this repository run, with the event."""
    transaction.run("trust.put", git_dir=git_dir, digest=digest, now=to_text(now), by=by)
    event = Event(
        kind="repository.trusted", actor=by, body={"repository": git_dir, "digest": digest}
    )
    journal.append(transaction, event, now)
