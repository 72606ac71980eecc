"""Attempts: rows and values; every write carries the lease's token."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from deputize.errors import LeaseLost, NotFound
from deputize.model.activity import Activity, Turn
from deputize.model.attempt import Attempt, ToolUse, Usage
from deputize.model.outcome import Outcome
from deputize.store import journal
from deputize.store.rows import (
    from_json,
    maybe,
    maybe_moment,
    maybe_text,
    number,
    to_count,
    to_json,
    to_moment,
    to_text,
    to_word,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.event import Event
    from deputize.store.database import Row, Transaction, Value


def insert(transaction: Transaction, new: Sequence[Attempt]) -> list[Attempt]:
    """Write new attempts of different tasks; their ids and numbers are filled in.

    Their events are the moves of their tasks to running.
    """
    rows = transaction.give("attempts.insert", [_new(attempt) for attempt in new])
    given = {row["task"]: row for row in rows}
    return [
        attempt._replace(id=number(row, "id"), number=number(row, "number"))
        for attempt in new
        if (row := given[attempt.task])
    ]


def _new(attempt: Attempt) -> dict[str, Value]:
    values = _values(attempt)
    del values["id"], values["number"], values["sandbox"]
    return values


def get(transaction: Transaction, attempt: int) -> Attempt:
    """Return an attempt; NotFound if there is none."""
    return _required(transaction.one("attempts.get", id=attempt), attempt)


def lock(transaction: Transaction, attempt: int) -> Attempt:
    """Return an attempt that this transaction is going to write; NotFound if there is none."""
    return _required(transaction.one("attempts.lock", id=attempt), attempt)


def save(transaction: Transaction, attempt: Attempt) -> None:
    """Write an open attempt back; LeaseLost if it isn't open under this token any more."""
    values = _values(attempt)
    for name in ("task", "number", "worker", "provider", "started_at"):
        del values[name]
    if transaction.run("attempts.save", **values) == 0:
        raise lost(attempt)


class Closing(NamedTuple):
    """How an attempt ended; what is None was not told, and what was written of it stays."""

    outcome: Outcome
    exit_code: int | None
    error: str | None
    usage: Usage
    tools: tuple[ToolUse, ...]
    summary: str | None
    session: str | None
    model: str | None
    saved_ref: str | None


def end(transaction: Transaction, attempt: Attempt, closing: Closing, now: datetime) -> None:
    """Close an attempt that is open under its token, as `leaving` says."""
    transaction.tell(
        "attempts.end",
        id=attempt.id,
        token=attempt.token,
        finished_at=to_text(now),
        outcome=closing.outcome,
        exit_code=closing.exit_code,
        error=closing.error,
        tools=_tools(closing.tools),
        summary=closing.summary,
        session=closing.session,
        model=closing.model,
        saved_ref=closing.saved_ref,
        **_counts(closing.usage),
    )


def use(transaction: Transaction, attempt: Attempt, usage: Usage) -> None:
    """Write what an attempt has used so far; LeaseLost if it isn't ours any more."""
    counts = _counts(usage)
    if transaction.run("attempts.use", id=attempt.id, token=attempt.token, **counts) == 0:
        raise lost(attempt)


def began(transaction: Transaction, attempt: int, now: datetime) -> None:
    """Note that the agent of an attempt runs; the first moment stays."""
    transaction.tell("attempts.began", id=attempt, now=to_text(now))


def try_renew(
    transaction: Transaction, attempt: Attempt, until: datetime, activity: Activity | None = None
) -> bool:
    """Extend a lease and note what is done; False if it isn't held under this token any more."""
    rows = transaction.run(
        "attempts.renew",
        id=attempt.id,
        token=attempt.token,
        lease_expires_at=to_text(until),
        activity=None if activity is None else _activity_in_json(activity),
    )
    return rows > 0


def _activity_in_json(activity: Activity) -> str:
    moments = {"since": to_text(activity.since), "heard_at": to_text(activity.heard_at)}
    return to_json(activity._asdict() | moments)


def _activity(row: Row) -> Activity | None:
    if row["activity"] is None:
        return None
    told = cast("dict[str, Any]", from_json(row["activity"]))
    since, heard_at = to_moment(told["since"]), to_moment(told["heard_at"])
    return Activity(**told | {"turn": Turn(told["turn"]), "since": since, "heard_at": heard_at})


def fenced(transaction: Transaction, attempt: Attempt) -> Attempt:
    """Return the attempt, locked, if it is still open under this token; else LeaseLost."""
    current = lock(transaction, attempt.id)
    if current.finished_at is not None or current.token != attempt.token:
        raise lost(attempt)
    return current


def lost(attempt: Attempt) -> LeaseLost:
    """Return what is raised where the right to an attempt is gone."""
    return LeaseLost(f"the lease of attempt {attempt.number} of #{attempt.task} is lost")


def note(transaction: Transaction, attempt: Attempt, event: Event, now: datetime) -> None:
    """Append an event of an open attempt; LeaseLost if it isn't ours any more."""
    fenced(transaction, attempt)
    journal.append(transaction, replace(event, task=attempt.task, attempt=attempt.id), now)


def jot(transaction: Transaction, attempt: Attempt, event: Event, now: datetime) -> None:
    """Append an event without secrets, reading nothing; LeaseLost if the attempt isn't ours."""
    if not journal.jot(transaction, replace(event, attempt=attempt.id), now, attempt.token):
        raise lost(attempt)


def of_task(transaction: Transaction, task: int) -> list[Attempt]:
    """Return all attempts of a task, first to last."""
    return [attempt_of(row) for row in transaction.all("attempts.of_task", task=task)]


def unfinished(transaction: Transaction) -> list[Attempt]:
    """Return every open attempt."""
    return [attempt_of(row) for row in transaction.all("attempts.open")]


def of_worker(transaction: Transaction, worker: str) -> list[Attempt]:
    """Return the open attempts of a worker."""
    return [attempt_of(row) for row in transaction.all("attempts.of_worker", worker=worker)]


def next_number(transaction: Transaction, task: int) -> int:
    """Return the number that the next attempt of a task gets."""
    return number(cast("Row", transaction.one("attempts.numbers", task=task)), "number") + 1


def leftovers(transaction: Transaction) -> list[Attempt]:
    """Return finished attempts whose workspace is still there."""
    return [attempt_of(row) for row in transaction.all("attempts.leftovers")]


def workspace_removed(transaction: Transaction, attempt: int, now: datetime) -> None:
    """Note that the workspace of an attempt is gone."""
    transaction.run("attempts.workspace_removed", id=attempt, now=to_text(now))


def _required(row: Row | None, attempt: int) -> Attempt:
    if row is None:
        raise NotFound(f"there is no attempt {attempt}")
    return attempt_of(row)


_PLAIN = tuple(
    name
    for name in Attempt._fields
    if name
    not in {
        "lease_expires_at",
        "processes",
        "started_at",
        "finished_at",
        "outcome",
        "usage",
        "tools",
        "activity",
    }
)


def attempt_of(row: Row) -> Attempt:
    """Read an attempt from its row."""
    written = row["tools"]
    tools = [] if written == "[]" else cast("list[dict[str, object]]", from_json(written))
    read: dict[str, object] = {
        **row,
        "lease_expires_at": to_moment(row["lease_expires_at"]),
        "processes": words(row, "processes"),
        "started_at": to_moment(row["started_at"]),
        "finished_at": maybe_moment(row["finished_at"]),
        "outcome": None if row["outcome"] is None else to_word(Outcome, row["outcome"]),
        "usage": usage_of(row),
        "activity": _activity(row),
        "tools": tuple(ToolUse(**tool) for tool in tools),  # type: ignore[arg-type]
    }
    return Attempt._make(map(read.__getitem__, Attempt._fields))


def usage_of(row: Row) -> Usage:
    """Read what an attempt has used from its row."""
    return Usage(
        input_tokens=number(row, "input_tokens"),
        output_tokens=number(row, "output_tokens"),
        cached_tokens=number(row, "cached_tokens"),
        reasoning_tokens=number(row, "reasoning_tokens"),
        cost_usd=maybe(row, "cost_usd"),
    )


def _values(attempt: Attempt) -> dict[str, Value]:
    return {
        **{name: getattr(attempt, name) for name in _PLAIN},
        **_counts(attempt.usage),
        "lease_expires_at": to_text(attempt.lease_expires_at),
        "processes": json.dumps(attempt.processes) if attempt.processes else "[]",
        "started_at": to_text(attempt.started_at),
        "finished_at": maybe_text(attempt.finished_at),
        "outcome": attempt.outcome,
        "tools": _tools(attempt.tools),
    }


def _counts(usage: Usage) -> dict[str, Value]:
    return {
        "input_tokens": to_count(usage.input_tokens),
        "output_tokens": to_count(usage.output_tokens),
        "cached_tokens": to_count(usage.cached_tokens),
        "reasoning_tokens": to_count(usage.reasoning_tokens),
        "cost_usd": usage.cost_usd,
    }


def _tools(tools: tuple[ToolUse, ...]) -> str:
    return to_json([asdict(tool) for tool in tools]) if tools else "[]"
