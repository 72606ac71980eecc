"""What a query is narrowed to: the same words for whatever belongs to a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from deputize.store.rows import maybe_text

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Value


class Wanted(TypedDict, total=False):
    """Which rows are wanted; None, or nothing said, lets everything through."""

    state: str | None
    role: str | None
    agent: str | None
    label: str | None
    plan: int | None
    since: datetime | None
    """Rows that were there first since then."""
    reason: str | None
    """Only of tasks: why they failed or were cancelled."""
    ended_since: datetime | None
    """Only of tasks: those that ended since then."""


def asked(wanted: Wanted) -> dict[str, Value]:
    """Return a value for each word, as the queries ask for it."""
    return {
        "state": wanted.get("state"),
        "role": wanted.get("role"),
        "agent": wanted.get("agent"),
        "label": wanted.get("label"),
        "plan": wanted.get("plan"),
        "since": maybe_text(wanted.get("since")),
        "reason": wanted.get("reason"),
        "ended_since": maybe_text(wanted.get("ended_since")),
    }
