"""Changes: rows and values, and the only way a change moves."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Unpack, cast

from deputize.errors import IllegalMove, NotFound
from deputize.model.change import Change, CheckResult, FileChange, Operation
from deputize.model.states import CHANGE_TRANSITIONS, ChangeState
from deputize.store import journal
from deputize.store.narrowing import asked
from deputize.store.rows import (
    from_json,
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
    from datetime import datetime

    from deputize.model.event import Event
    from deputize.store.database import Row, Transaction, Value
    from deputize.store.narrowing import Wanted


def insert(transaction: Transaction, change: Change, event: Event, now: datetime) -> Change:
    """Write a new change with its event; its id is filled in."""
    values = _values(change)
    del values["id"]
    row = cast("Row", transaction.one("changes.insert", **values))
    added = replace(change, id=number(row, "id"))
    journal.append(transaction, replace(event, task=added.task, change=added.id), now)
    return added


def get(transaction: Transaction, change: int) -> Change:
    """Return a change; NotFound if there is none."""
    return _required(transaction.one("changes.get", id=change), change)


def lock(transaction: Transaction, change: int) -> Change:
    """Return a change that this transaction is going to move; NotFound if there is none."""
    return _required(transaction.one("changes.lock", id=change), change)


def move(transaction: Transaction, old: Change, new: Change, event: Event, now: datetime) -> Change:
    """Write `new` over `old`, with its event; IllegalMove where the table forbids the step."""
    if new.state is not old.state and new.state not in CHANGE_TRANSITIONS[old.state]:
        raise IllegalMove(f"c{old.id} is {old.state} and can't become {new.state}")
    values = _values(new)
    saved = {name: values[name] for name in _SAVED}
    transaction.run("changes.save", **saved)
    journal.append(transaction, replace(event, task=new.task, change=new.id), now)
    return new


def of_task(transaction: Transaction, task: int) -> list[Change]:
    """Return the changes of a task, first to last."""
    return [change_of(row) for row in transaction.all("changes.of_task", task=task)]


def latest_of_task(transaction: Transaction, task: int) -> Change | None:
    """Return the newest change of a task."""
    row = transaction.one("changes.latest_of_task", task=task)
    return None if row is None else change_of(row)


def unsettled(transaction: Transaction) -> list[Change]:
    """Return every change that is still in the merge queue, in order."""
    return [change_of(row) for row in transaction.all("changes.open")]


def listing(transaction: Transaction, *, limit: int = 50, **wanted: Unpack[Wanted]) -> list[Change]:
    """Return changes, newest first; role, agent, label and plan are those of their tasks."""
    rows = transaction.all("changes.listing", limit=limit, **asked(wanted))
    return [change_of(row) for row in rows]


_SAVED = (
    "id", "state", "risk", "risk_reasons", "reason", "approved_tree", "tip", "candidate", "checks",
    "landed_commit", "batch", "settled_at",
)  # fmt: skip
_CODED = frozenset({"state", "files", "risk_reasons", "checks", "created_at", "settled_at"})
_PLAIN = tuple(field.name for field in fields(Change) if field.name not in _CODED)


def _required(row: Row | None, change: int) -> Change:
    if row is None:
        raise NotFound(f"there is no change c{change}", hint="`deputize changes list` shows them")
    return change_of(row)


def change_of(row: Row) -> Change:
    """Read a change from its row."""
    plain: dict[str, object] = {name: row[name] for name in _PLAIN}
    files = cast("list[dict[str, object]]", from_json(row["files"]))
    checks = cast("list[dict[str, object]]", from_json(row["checks"]))
    return Change(
        **plain,  # type: ignore[arg-type]
        state=to_word(ChangeState, row["state"]),
        files=tuple(_file_of(file) for file in files),
        risk_reasons=words(row, "risk_reasons"),
        checks=tuple(CheckResult(**check) for check in checks),  # type: ignore[arg-type]
        created_at=to_moment(row["created_at"]),
        settled_at=maybe_moment(row["settled_at"]),
    )


def _file_of(values: dict[str, object]) -> FileChange:
    return FileChange(**{**values, "op": to_word(Operation, str(values["op"]))})  # type: ignore[arg-type]


def _values(change: Change) -> dict[str, Value]:
    return {
        **{name: getattr(change, name) for name in _PLAIN},
        "state": change.state,
        "files": to_json([asdict(file) for file in change.files]),
        "risk_reasons": to_json(change.risk_reasons),
        "checks": to_json([asdict(check) for check in change.checks]),
        "created_at": to_text(change.created_at),
        "settled_at": maybe_text(change.settled_at),
    }
