"""Sessions: rows and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from deputize.model.session import NO_TERMS, Session, Terms
from deputize.store.narrowing import asked
from deputize.store.rows import maybe, maybe_number, text, to_moment, to_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.store.database import Row, Transaction
    from deputize.store.narrowing import Wanted


def use(
    transaction: Transaction,
    attempt: Attempt,
    token: str,
    now: datetime,
    *,
    terms: Terms = NO_TERMS,
    host: str | None = None,
) -> None:
    """Note that an attempt works in a session, new or not, under these terms."""
    transaction.tell(
        "sessions.use",
        agent=attempt.agent,
        token=token,
        task=attempt.task,
        attempt=attempt.id,
        now=to_text(now),
        host=host if transaction.is_shared else None,
        provider=terms.provider,
        provider_type=terms.provider_type,
        base_url=terms.base_url,
        allow_all=None if terms.allow_all is None else int(terms.allow_all),
    )


def begin(
    transaction: Transaction, agent: str, token: str, repo: str | None, host: str, now: datetime
) -> None:
    """Store a session that no task has used yet."""
    transaction.run(
        "sessions.begin",
        agent=agent,
        token=token,
        repo=repo,
        host=host if transaction.is_shared else None,
        now=to_text(now),
    )


def listing(
    transaction: Transaction, *, limit: int = 50, **wanted: Unpack[Wanted]
) -> list[Session]:
    """Return sessions, the one used last first."""
    rows = transaction.all("sessions.listing", limit=limit, **asked(wanted))
    return [_session_of(row) for row in rows]


def of_token(transaction: Transaction, token: str) -> list[Session]:
    """Return the sessions that are called so: each is of another agent."""
    return [_session_of(row) for row in transaction.all("sessions.of_token", token=token)]


def of_task(transaction: Transaction, task: int, agent: str) -> Session | None:
    """Return the session that this agent used last for this task."""
    row = transaction.one("sessions.of_task", task=task, agent=agent)
    return None if row is None else _session_of(row)


def stale(transaction: Transaction, before: datetime, host: str, limit: int = 100) -> list[Session]:
    """Return sessions of a machine that nothing has happened in since, and nobody waits for."""
    rows = transaction.all("sessions.stale", before=to_text(before), host=host, limit=limit)
    return [_session_of(row) for row in rows]


def delete(transaction: Transaction, session: Session) -> None:
    """Forget a session."""
    transaction.run("sessions.delete", agent=session.agent, token=session.token)


def _session_of(row: Row) -> Session:
    allow_all = maybe_number(row, "allow_all")
    return Session(
        agent=text(row, "agent"),
        token=text(row, "token"),
        task=maybe_number(row, "task"),
        attempt=maybe_number(row, "attempt"),
        number=maybe_number(row, "number"),
        started_at=to_moment(row["started_at"]),
        used_at=to_moment(row["used_at"]),
        repo=maybe(row, "repo"),
        host=maybe(row, "host"),
        terms=Terms(
            provider=maybe(row, "provider"),
            provider_type=maybe(row, "provider_type"),
            base_url=maybe(row, "base_url"),
            allow_all=None if allow_all is None else bool(allow_all),
        ),
        used_by=maybe_number(row, "used_by"),
    )
