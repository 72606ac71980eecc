"""Approvals: questions to a person and their answers, and what is trusted."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Unpack, cast

from deputize.errors import IllegalMove, NotFound
from deputize.model.approval import Approval, ApprovalState, Reach, Subject
from deputize.model.event import Event
from deputize.store import journal
from deputize.store.narrowing import asked
from deputize.store.rows import (
    LARGEST_NUMBER,
    maybe_moment,
    maybe_text,
    number,
    to_json,
    to_moment,
    to_text,
    to_word,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from deputize.store.database import Row, Transaction, Value
    from deputize.store.narrowing import Wanted

_KINDS = {
    ApprovalState.APPROVED: "approval.approved",
    ApprovalState.DENIED: "approval.denied",
    ApprovalState.WITHDRAWN: "approval.withdrawn",
}


def ask(transaction: Transaction, approval: Approval, actor: str, now: datetime) -> Approval:
    """Open a question, with its event; its id is filled in."""
    values = _values(approval)
    del values["id"]
    row = cast("Row", transaction.one("approvals.insert", **values))
    asked = replace(approval, id=number(row, "id"))
    body = {"subject": asked.subject, "reason": asked.reason, "risk": asked.risk}
    journal.append(transaction, _event("approval.asked", asked, actor, body), now)
    return asked


def answer(
    transaction: Transaction,
    approval: Approval,
    state: ApprovalState,
    *,
    by: str,
    words: str | None,
    now: datetime,
    reach: Reach | None = None,
) -> Approval:
    """Close an open question, with its event; IllegalMove if it was answered already."""
    rows = transaction.run(
        "approvals.answer",
        id=approval.id,
        state=state,
        now=to_text(now),
        by=by,
        answer=words,
        reach=reach,
    )
    if rows == 0:
        current = get(transaction, approval.id)
        hint = "`deputize approvals` shows what is open"
        raise IllegalMove(f"a{approval.id} is {current.state} already", hint=hint)
    body = {"words": words} if words else {}
    body |= {"reach": reach} if reach else {}
    journal.append(transaction, _event(_KINDS[state], approval, by, body), now)
    done = {"state": state, "answered_at": now, "answered_by": by, "answer": words}
    return replace(approval, **done, reach=reach)  # type: ignore[arg-type]


def consent(
    transaction: Transaction, approval: Approval, *, by: str, missing: str, now: datetime
) -> Approval:
    """Note that one of several has said yes, with the event; the question stays open."""
    agreed = replace(approval, consents=(*approval.consents, by))
    transaction.run("approvals.consent", id=approval.id, consents=to_json(list(agreed.consents)))
    body = {"missing": missing}
    journal.append(transaction, _event("approval.consented", approval, by, body), now)
    return agreed


def get(transaction: Transaction, approval: int) -> Approval:
    """Return a question; NotFound if there is none."""
    row = transaction.one("approvals.get", id=approval)
    if row is None:
        raise NotFound(f"there is no approval a{approval}", hint="`deputize approvals` shows them")
    return approval_of(row)


def unanswered(
    transaction: Transaction, *, limit: int = LARGEST_NUMBER, **wanted: Unpack[Wanted]
) -> list[Approval]:
    """Return the open questions, oldest first; what narrows them is of their tasks."""
    rows = transaction.all("approvals.open", limit=limit, **asked(wanted))
    return [approval_of(row) for row in rows]


def listing(
    transaction: Transaction, *, limit: int = 50, **wanted: Unpack[Wanted]
) -> list[Approval]:
    """Return the questions in a state, newest first; what else narrows them is of their tasks."""
    rows = transaction.all("approvals.listing", limit=limit, **asked(wanted))
    return [approval_of(row) for row in rows]


def unanswered_of_task(transaction: Transaction, task: int) -> list[Approval]:
    """Return the open questions of a task."""
    return [approval_of(row) for row in transaction.all("approvals.open_of_task", task=task)]


def overdue(transaction: Transaction, now: datetime) -> list[Approval]:
    """Return the open questions about tool calls whose deadline has passed."""
    return [approval_of(row) for row in transaction.all("approvals.overdue", now=to_text(now))]


def of_task(transaction: Transaction, task: int) -> list[Approval]:
    """Return all questions of a task."""
    return [approval_of(row) for row in transaction.all("approvals.of_task", task=task)]


def _event(kind: str, approval: Approval, actor: str, body: Mapping[str, object]) -> Event:
    return Event(
        kind=kind,
        actor=actor,
        task=approval.task,
        change=approval.change,
        approval=approval.id,
        body=body,
    )


_MOMENTS = ("deadline_at", "answered_at")
_PLAIN = tuple(
    field.name
    for field in fields(Approval)
    if field.name not in {"about", "state", "asked_at", "consents", *_MOMENTS}
)


def approval_of(row: Row) -> Approval:
    """Read a question from its row."""
    plain: dict[str, object] = {name: row[name] for name in _PLAIN}
    return Approval(
        **plain,  # type: ignore[arg-type]
        about=to_word(Subject, row["about"]),
        state=to_word(ApprovalState, row["state"]),
        asked_at=to_moment(row["asked_at"]),
        deadline_at=maybe_moment(row["deadline_at"]),
        answered_at=maybe_moment(row["answered_at"]),
        consents=words(row, "consents"),
    )


def _values(approval: Approval) -> dict[str, Value]:
    return {
        **{name: getattr(approval, name) for name in _PLAIN},
        "about": approval.about,
        "state": approval.state,
        "asked_at": to_text(approval.asked_at),
        "deadline_at": maybe_text(approval.deadline_at),
        "answered_at": maybe_text(approval.answered_at),
        "consents": to_json(list(approval.consents)),
    }
