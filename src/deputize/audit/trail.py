"""The trail that people read: one record per finished attempt, from the journal and the rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast

from deputize.redaction import redacted, redacted_value
from deputize.showing import json_name
from deputize.store import attempts, changes, journal, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.model.change import Change
    from deputize.model.event import Entry
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction

SCHEMA = "deputize.audit/1"
ENDINGS = frozenset({"attempt.finished", "attempt.rescued"})
"""Each attempt has exactly one event of these kinds: the one that closed it."""
SETTLINGS = frozenset(
    {
        *("change.landed", "change.superseded", "change.quarantined"),
        *("change.rejected", "change.withdrawn"),
    }
)
"""What became of a change: with it, the story of the attempt that proposed it is told."""
PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one attempt was told, did and left behind. Texts are redacted, but else as they were."""

    seq: int | None
    """The place, in the sealed journal, of the event that closed it."""
    task: Task
    attempt: Attempt
    prompt: str
    """What the agent was given, with all that was added to the task's own words where known."""
    change: Change | None
    """What it proposed, as the change stands now."""
    refusals: tuple[Mapping[str, object], ...]
    """Tool calls that the gate did not allow."""


def records(
    database: Database,
    *,
    task: int | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Record]:
    """Return the records of attempts that ended, of one task or all, since a moment, in order.

    With a `limit`, the last so many.
    """
    found = []
    after = 0
    if limit is not None:
        with database.read() as transaction:
            after = journal.before_last(transaction, limit, task=task, since=since, kinds=ENDINGS)
    for page in _endings(database, task, since, after):
        with database.read() as transaction:
            told = [record_of(transaction, entry) for entry in page]
        found += [record for record in told if record]
    return found


def _endings(
    database: Database, task: int | None, since: datetime | None, after: int
) -> Iterator[list[Entry]]:
    while True:
        with database.read() as transaction:
            if task is None:
                page = journal.recent(
                    transaction, after=after, since=since, limit=PAGE, routine=False
                )
            else:
                page = journal.of_task(transaction, task, after, PAGE, routine=False)
        if not page:
            return
        after = page[-1].id
        yield [
            entry
            for entry in page
            if entry.kind in ENDINGS and (since is None or entry.at >= since)
        ]


def told_by(transaction: Transaction, entry: Entry) -> Record | None:
    """Return the record of an attempt whose story ends with `entry`: nothing more will come of it.

    That is the end of the attempt, or, where it proposed a change, the end of that. None where
    `entry` tells of something else, or the task was archived.
    """
    if entry.kind in SETTLINGS and entry.change is not None:
        proposed = changes.of_task(transaction, entry.task or 0)
        change = next((each for each in proposed if each.id == entry.change), None)
        if change is None:
            return None
        return record_of(transaction, replace(entry, attempt=change.attempt))
    if entry.kind not in ENDINGS or entry.task is None:
        return None
    proposed = changes.of_task(transaction, entry.task)
    is_over = all(change.attempt != entry.attempt for change in proposed)
    return record_of(transaction, entry) if is_over else None


def record_of(transaction: Transaction, ending: Entry) -> Record | None:
    """Put together what is known of the attempt that `ending` closed; None if it was archived."""
    tried = attempts.of_task(transaction, cast("int", ending.task))
    attempt = next((each for each in tried if each.id == ending.attempt), None)
    if attempt is None:
        return None
    task = tasks.get(transaction, attempt.task)
    proposed = changes.of_task(transaction, task.id)
    told = journal.of_task(transaction, task.id, routine=False)
    history = [entry for entry in told if entry.attempt == attempt.id]
    return Record(
        seq=ending.seq,
        task=task,
        attempt=attempt,
        prompt=_prompt(task, history),
        change=next((change for change in proposed if change.attempt == attempt.id), None),
        refusals=tuple(
            {"at": entry.at.isoformat(), **entry.body}
            for entry in history
            if entry.kind == "attempt.tool_decided" and entry.body.get("verdict") != "allow"
        ),
    )


def _prompt(task: Task, history: list[Entry]) -> str:
    """Return the prompt that an event of the attempt noted, or the task's own."""
    noted = [entry.body["prompt"] for entry in history if "prompt" in entry.body]
    return redacted(str(noted[-1]) if noted else task.prompt)


def document_of(record: Record) -> dict[str, object]:
    """Return a record as a JSON value, redacted; times are UTC, spans left to the reader."""
    task, attempt, ended = record.task, record.attempt, record.attempt.finished_at
    content = {
        "schema": SCHEMA,
        "seq": record.seq,
        "task": task.id,
        "title": task.title,
        "state": task.state,
        "reason": task.reason,
        "attempt": attempt.number,
        "started_at": attempt.started_at.isoformat(),
        "finished_at": ended.isoformat() if ended else None,
        "role": task.role,
        "agent": attempt.agent,
        "model": attempt.model,
        "session": attempt.session,
        "prompt": record.prompt,
        "outcome": attempt.outcome,
        "exit_code": attempt.exit_code,
        "error": attempt.error,
        "summary": attempt.summary,
        "usage": asdict(attempt.usage),
        "tools": [asdict(tool) for tool in attempt.tools],
        "refusals": [dict(refusal) for refusal in record.refusals],
        "change": _change(record.change),
    }
    return cast("dict[str, object]", redacted_value(content))


def _change(change: Change | None) -> dict[str, object] | None:
    if change is None:
        return None
    files = [
        {"path": json_name(file.path), "op": file.op, "added": file.added, "removed": file.removed}
        for file in change.files
    ]
    return {
        "id": change.id,
        "state": change.state,
        "added": change.added,
        "removed": change.removed,
        "files": files,
        "landed_commit": change.landed_commit,
    }
