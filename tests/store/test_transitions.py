"""Only the steps of the tables are taken, and each is told in the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deputize.errors import IllegalMove
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import (
    CHANGE_TRANSITIONS,
    FINAL_TASK_STATES,
    TASK_OWNERS,
    TASK_TRANSITIONS,
    ChangeState,
    TaskState,
)
from deputize.store import attempts, changes, journal, tasks
from tests.fixtures.nouns import COMMIT, NOON, QUEUED, a_change, a_task, an_attempt

if TYPE_CHECKING:
    from deputize.model.change import Change
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction

MOVED = Event(kind="task.retried", actor="person:ada")
CHANGED = Event(kind="change.checked", actor="landing")
LANDED = {ChangeState.LANDED, ChangeState.REVERTED}
SETTLED = LANDED | {
    ChangeState.SUPERSEDED,
    ChangeState.QUARANTINED,
    ChangeState.REJECTED,
    ChangeState.WITHDRAWN,
}
"""A change in one of these is out of the merge queue."""


def task_in(task: Task, state: TaskState) -> Task:
    """Return the task with all that a state asks of its row."""
    return task._replace(
        state=state,
        attempt=1 if state is TaskState.RUNNING else None,
        finished_at=NOON if state in FINAL_TASK_STATES else None,
        reason=Outcome.CANCELLED if state in {TaskState.FAILED, TaskState.CANCELLED} else None,
    )


def change_in(change: Change, state: ChangeState) -> Change:
    """Return the change with all that a state asks of its row."""
    return replace(
        change,
        state=state,
        settled_at=NOON if state in SETTLED else None,
        landed_commit=COMMIT if state in LANDED else None,
    )


def told(transaction: Transaction, event: Event) -> int:
    """Count the events of that kind."""
    return [entry.kind for entry in journal.recent(transaction)].count(event.kind)


@pytest.fixture
def begun(database: Database) -> Database:
    """Give a database with a task and an attempt of it."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        attempts.insert(transaction, [an_attempt()])
    return database


@pytest.mark.parametrize("before", TaskState)
def test_a_task_takes_exactly_the_steps_of_the_table(begun: Database, before: TaskState) -> None:
    """A step of the table is written with its event; any other changes and tells nothing."""
    steps = 0
    with begun.write() as transaction:
        for after in TaskState:
            old = tasks.insert(transaction, task_in(a_task(), before), QUEUED, NOON)
            new = task_in(old, after)
            if after is before or after in TASK_TRANSITIONS[before]:
                steps += 1
                assert tasks.move(transaction, old, new, MOVED, NOON) == new
            else:
                with pytest.raises(IllegalMove, match=f"#{old.id} is {before}.*{after}"):
                    tasks.move(transaction, old, new, MOVED, NOON)
                new = old
            assert tasks.get(transaction, old.id) == new
            assert told(transaction, MOVED) == steps


@pytest.mark.parametrize("before", ChangeState)
def test_a_change_takes_exactly_the_steps_of_the_table(
    begun: Database, before: ChangeState
) -> None:
    """A step of the table is written with its event; any other changes and tells nothing."""
    steps = 0
    with begun.write() as transaction:
        for after in ChangeState:
            old = changes.insert(transaction, change_in(a_change(), before), QUEUED, NOON)
            new = change_in(old, after)
            if after is before or after in CHANGE_TRANSITIONS[before]:
                steps += 1
                assert changes.move(transaction, old, new, CHANGED, NOON) == new
            else:
                with pytest.raises(IllegalMove, match=f"c{old.id} is {before}.*{after}"):
                    changes.move(transaction, old, new, CHANGED, NOON)
                new = old
            assert changes.get(transaction, old.id) == new
            assert told(transaction, CHANGED) == steps


def test_the_tables_name_every_state_and_every_task_state_has_an_owner() -> None:
    """No state is left out, nothing final leads anywhere by itself, and `done` leads nowhere."""
    assert set(TASK_TRANSITIONS) == set(TASK_OWNERS) == set(TaskState)
    assert set(CHANGE_TRANSITIONS) == set(ChangeState)
    assert TASK_TRANSITIONS[TaskState.DONE] == frozenset()
    assert {state for state, owner in TASK_OWNERS.items() if owner == "–"} == FINAL_TASK_STATES
