"""A copy is the original: each row, each column, the ids to come, and the proof of the journal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.errors import InvalidInput, StoreError
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.budget import Account, Scope, Spent
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.states import TaskState
from deputize.store import (
    agent_checks,
    approvals,
    archives,
    attempts,
    barriers,
    chain,
    changes,
    copying,
    journal,
    meta,
    outbox,
    plans,
    sessions,
    spending,
    tasks,
    trust,
    workers,
)
from tests.fixtures.databases import DATABASES, Intruder, open_database
from tests.fixtures.nouns import (
    NOON,
    QUEUED,
    a_change,
    a_task,
    a_worker,
    an_agent_check,
    an_approval,
    an_archive,
    an_attempt,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Database, Transaction

MANY = 1200
"""More rows than are handed over at a time."""
WAYS = [(one, other) for one in DATABASES for other in DATABASES]


@pytest.fixture(params=WAYS, ids=["-to-".join(way) for way in WAYS])
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Name the kinds of the original and of the copy."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def original(way: tuple[str, str], tmp_path: Path) -> Iterator[Database]:
    """Give a store with something in every table."""
    with closing(open_database(way[0], tmp_path / "original")) as opened:
        with opened.write() as transaction:
            fill(transaction)
        yield opened


@pytest.fixture
def target(way: tuple[str, str], tmp_path: Path) -> Iterator[Database]:
    """Give an empty store."""
    with closing(open_database(way[1], tmp_path / "copy")) as opened:
        yield opened


def fill(transaction: Transaction) -> None:
    """Store each noun, one of the tasks at work."""
    workers.register(transaction, a_worker(), NOON)
    task = tasks.insert(transaction, a_task(prompt="ü\n'\"%:x"), QUEUED, NOON)
    other = tasks.insert(transaction, a_task(state=TaskState.BLOCKED), QUEUED, NOON)
    tasks.add_need(transaction, other.id, task.id)
    (attempt,) = attempts.insert(transaction, [an_attempt()])
    running = task._replace(state=TaskState.RUNNING, attempt=attempt.id)
    tasks.move(transaction, task, running, QUEUED, NOON)
    sessions.use(transaction, attempt, "s1", NOON)
    changes.insert(transaction, a_change(), QUEUED, NOON)
    approvals.ask(transaction, an_approval(), "landing", NOON)
    trust.trust(transaction, "/a/.git", "d1", by="person:ada", now=NOON)
    workers.take_lease(transaction, "journal", holder="w1", token="t", until=NOON, now=NOON)
    made = Plan(id=0, title="p", origin="file", key=None, key_digest=None, created_at=NOON)
    plans.insert(transaction, made, Event(kind="plan.queued", actor="person:ada"), NOON)
    by, kind, cause = "person:ada", BarrierKind.ALL, Cause.PERSON
    closed = Barrier(kind=kind, name="", cause=cause, since=NOON, until=None, by=by)
    barriers.close(transaction, closed, NOON)
    spending.add(transaction, [Account(Scope.DAY, "2026-03-01")], Spent(5, 6, 7))
    chain.seal(transaction)
    journal.move_cursor(transaction, "files", 3)
    archives.record(transaction, an_archive())
    journal.append(transaction, QUEUED, NOON)
    agent_checks.insert(transaction, an_agent_check(), NOON)
    outbox.put(transaction, journal.newest(transaction), "hook", NOON)
    for _ in range(MANY):
        journal.append(transaction, QUEUED, NOON)


def content(kind: str, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables, by the names of their columns."""
    with closing(Intruder(kind, folder)) as intruder:
        tables = sorted(map(str, intruder.all_tables() - {"migrations"}))
        return {name: sorted(intruder.rows(name), key=repr) for name in tables}


def quietly(name: str, count: int) -> None:
    """Hear of a table."""
    del name, count


def test_a_copy_has_every_row_as_it_was(
    way: tuple[str, str], original: Database, target: Database, tmp_path: Path
) -> None:
    """In every table, none of which is empty in this test, and under the store's own name."""
    told: list[tuple[str, int]] = []
    copied = copying.copy(original, target, lambda name, count: told.append((name, count)))
    there = content(way[1], tmp_path / "copy")
    assert there == content(way[0], tmp_path / "original")
    assert dict(told) == copied.tables == {name: len(rows) for name, rows in there.items()}
    assert 0 not in copied.tables.values()
    with original.read() as ours, target.read() as theirs:
        assert meta.store_name(ours) == meta.store_name(theirs)


def test_the_journal_of_a_copy_is_proven_and_goes_on(original: Database, target: Database) -> None:
    """What was not sealed yet is sealed there."""
    copied = copying.copy(original, target, quietly)
    assert copied.proven == chain.verify(original).count > 0
    assert copied.unsealed == chain.verify(original).unsealed_count > MANY
    with target.write() as transaction:
        while chain.seal(transaction):
            pass
    proof = chain.verify(target)
    assert (proof.problem, proof.count) == (None, copied.proven + copied.unsealed)


def test_new_rows_of_a_copy_come_after_the_old_ones(original: Database, target: Database) -> None:
    """No id is given out twice, and work goes on there."""
    copying.copy(original, target, quietly)
    with target.write() as transaction:
        assert tasks.insert(transaction, a_task(), QUEUED, NOON).id == 3
        attempt = attempts.get(transaction, 1)
        attempts.save(transaction, attempt._replace(finished_at=NOON, outcome=Outcome.CANCELLED))
        assert changes.insert(transaction, a_change(), QUEUED, NOON).id == 2
        assert approvals.ask(transaction, an_approval(), "landing", NOON).id == 2


def test_a_target_that_is_in_use_is_refused(original: Database, target: Database) -> None:
    """Nothing of it is changed, and a copy onto itself is refused the same way."""
    with target.write() as transaction:
        workers.register(transaction, a_worker(id="w9"), NOON)
    with pytest.raises(InvalidInput, match="not empty"):
        copying.copy(original, target, quietly)
    with target.read() as transaction:
        assert [worker.id for worker in workers.live(transaction)] == ["w9"]
        assert tasks.latest(transaction) is None


def test_a_copy_that_is_broken_off_leaves_nothing(original: Database, target: Database) -> None:
    """The target is as empty as before, and can be copied to then."""

    def break_off(name: str, count: int) -> None:
        del count
        if name == "tasks":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(original, target, break_off)
    assert copying.copy(original, target, quietly).tables["tasks"] == 2


def test_a_journal_that_was_changed_is_not_called_a_copy(
    way: tuple[str, str], original: Database, target: Database, tmp_path: Path
) -> None:
    """The chain is recomputed in the copy, and says which entry it is."""
    with closing(Intruder(way[0], tmp_path / "original")) as intruder:
        intruder.unlock()
        intruder.run("UPDATE events SET actor = 'nobody' WHERE id = 2")
    with pytest.raises(StoreError, match="entry 2 does not match"):
        copying.copy(original, target, quietly)
