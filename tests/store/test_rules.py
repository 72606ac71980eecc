"""What the database itself refuses, whoever writes: rows that mean nothing, and a changed past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.errors import StoreError
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.store import approvals, attempts, chain, changes, journal, tasks
from tests.fixtures.nouns import NOON, QUEUED, a_change, a_task, an_approval, an_attempt

if TYPE_CHECKING:
    from deputize.store.database import Database
    from tests.fixtures.databases import Intruder

REFUSED = (
    ("tasks", "state = 'done'"),
    ("tasks", "state = 'failed', finished_at = created_at"),
    ("tasks", "state = 'done', finished_at = created_at, reason = 'conflict'"),
    ("tasks", "finished_at = created_at"),
    ("tasks", "reason = 'conflict'"),
    ("tasks", "state = 'running'"),
    ("tasks", "attempt = 1"),
    ("tasks", "state = 'asleep'"),
    ("tasks", "state = NULL"),
    ("tasks", "prompt = ''"),
    ("tasks", "held = 2"),
    ("tasks", "priority = 0"),
    ("tasks", "priority = 11"),
    ("tasks", "priority = 'high'"),
    ("tasks", "place = 'elsewhere'"),
    ("tasks", "place = 'worktree'"),
    ("tasks", "repo = '/project'"),
    ("tasks", "timeout_seconds = 0"),
    ("tasks", "idle_timeout_seconds = -1"),
    ("tasks", "attempts = 0"),
    ("tasks", "round_start = 0"),
    ("tasks", "rework_count = -1"),
    ("tasks", "key = 'k'"),
    ("tasks", "cancel_requested = 7"),
    ("attempts", "finished_at = started_at"),
    ("attempts", "outcome = 'succeeded'"),
    ("attempts", "number = 0"),
    ("attempts", "task = 99"),
    ("attempts", "worker = 'nobody'"),
    ("changes", "state = 'landed', settled_at = created_at"),
    ("changes", "state = 'quarantined'"),
    ("changes", "settled_at = created_at"),
    ("changes", "landed_commit = head"),
    ("changes", "state = 'lost'"),
    ("changes", "attempt = 99"),
    ("approvals", "state = 'approved'"),
    ("approvals", "answered_at = asked_at"),
    ("approvals", "about = 'money'"),
    ("workers", "slots = -1"),
    ("workers", "draining = 2"),
    ("events", "kind = 'task.done'"),
    ("events", "body = '{}'"),
    ("seals", "hash = 'another'"),
)
PAST = ("DELETE FROM events", "DELETE FROM seals", "UPDATE events SET at = at")
NEEDLESS = 'INSERT INTO task_needs (task, need, "on") VALUES '


@pytest.fixture
def populated(database: Database) -> Database:
    """Give a database with one sound row of each noun, its journal sealed."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        attempts.insert(transaction, [an_attempt()])
        event = Event(kind="change.proposed", actor="worker:w1")
        changes.insert(transaction, a_change(), event, NOON)
        approvals.ask(transaction, an_approval(), "landing", NOON)
        chain.seal(transaction)
    return database


def test_the_database_refuses_rows_that_mean_nothing(
    populated: Database, intruder: Intruder
) -> None:
    """Each rule of the states, the references and the past is held by the database itself."""
    del populated
    for table, values in REFUSED:
        with pytest.raises(intruder.refusal):
            intruder.run(f"UPDATE {table} SET {values}")  # noqa: S608 - the test's own table
    for statement in PAST:
        with pytest.raises(intruder.refusal, match="append-only"):
            intruder.run(statement)


def test_a_running_task_runs_an_attempt_that_exists(
    populated: Database, intruder: Intruder, kind: str
) -> None:
    """In a file. On a server, looking up who runs an attempt that goes would cost an index."""
    del populated
    if kind == "sqlite":
        with pytest.raises(intruder.refusal):
            intruder.run("UPDATE tasks SET state = 'running', attempt = 99")


def test_a_task_needs_another_task_that_exists(populated: Database, intruder: Intruder) -> None:
    """It can't need itself, what isn't there, or be deleted while something names it."""
    del populated
    for refused in ("(1, 1, 'done')", "(1, 99, 'end')", "(99, 1, 'landed')", "(1, 1, 'started')"):
        with pytest.raises(intruder.refusal):
            intruder.run(NEEDLESS + refused)
    with pytest.raises(intruder.refusal):
        intruder.run("DELETE FROM tasks")


def test_a_task_has_one_open_attempt_and_each_number_once(
    populated: Database, intruder: Intruder
) -> None:
    """A second open attempt and a number used again are refused; numbers follow on."""
    closed = an_attempt(finished_at=NOON, outcome=Outcome.CANCELLED, number=0, token="t2")
    with pytest.raises(StoreError, match="refused a row"), populated.write() as transaction:
        attempts.insert(transaction, [an_attempt(token="t2")])
    with populated.write() as transaction:
        (inserted,) = attempts.insert(transaction, [closed])
        found = attempts.of_task(transaction, 1)
    assert [(attempt.id, attempt.number) for attempt in found] == [(1, 1), (inserted.id, 2)]
    with pytest.raises(intruder.refusal):
        intruder.run("UPDATE attempts SET number = 1 WHERE number = 2")


def test_the_journal_takes_only_known_kinds(database: Database) -> None:
    """A kind that is not in the closed set is a mistake of the program, and nothing is written."""
    with pytest.raises(ValueError, match=r"task\.exploded"), database.write() as transaction:
        journal.append(transaction, Event(kind="task.exploded", actor="queue"), NOON)
    with database.read() as transaction:
        assert [entry.kind for entry in journal.recent(transaction)] == ["worker.started"]
