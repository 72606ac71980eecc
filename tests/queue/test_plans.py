"""What the ends of tasks mean for the plan that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.errors import NotFound
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.states import TaskState
from deputize.store import journal, plans
from tests.fixtures.nouns import NOON
from tests.fixtures.yard import ADA

if TYPE_CHECKING:
    from tests.fixtures.yard import Yard

QUEUED = Event(kind="plan.queued", actor=ADA)


@pytest.fixture
def planned(yard: Yard) -> Yard:
    """Give a yard with a plan of three tasks, two of which need the first."""
    asked = Plan(id=0, title="Ship it", origin="file", key=None, key_digest=None, created_at=NOON)
    with yard.database.write() as transaction:
        plans.insert(transaction, asked, QUEUED, NOON)
    yard.add(plan=1)
    yard.add(1, plan=1)
    yard.add(1, on="end", plan=1)
    return yard


def told(yard: Yard) -> list[tuple[str, dict[str, object]]]:
    """Return what was told of plans."""
    with yard.database.read() as transaction:
        entries = journal.recent(transaction)
    return [(e.kind, dict(e.body)) for e in entries if e.kind.startswith("plan.")]


def test_a_plan_is_done_when_its_last_task_is(planned: Yard) -> None:
    """Told once, with counts, in the transaction of that end."""
    for _ in range(3):
        assert [kind for kind, _ in told(planned)] == ["plan.queued"]
        planned.run()
    assert told(planned)[1:] == [("plan.done", {"plan": 1, "title": "Ship it", "done": 3})]


def test_a_plan_has_failed_when_nothing_is_open_and_something_is_lost(planned: Yard) -> None:
    """Also where what falls with a task is the last of it."""
    planned.run(Outcome.AUTH_FAILED)
    assert len(told(planned)) == 1
    queue.cancel(planned.database, 3, ADA, NOON)
    ((kind, body),) = told(planned)[1:]
    assert (kind, body["failed"], body["cancelled"]) == ("plan.failed", 1, 2)


def test_a_plan_that_had_ended_is_open_again_with_a_task_of_it(planned: Yard) -> None:
    """Told once, whichever and how many are revived."""
    planned.run(Outcome.AUTH_FAILED)
    planned.run()
    queue.retry(planned.database, 1, ADA, NOON)
    reopened = ("plan.reopened", {"plan": 1, "title": "Ship it", "task": 1})
    assert told(planned)[2:] == [reopened]
    planned.run()
    planned.run()
    assert told(planned)[3:] == [("plan.done", {"plan": 1, "title": "Ship it", "done": 3})]


def test_a_plan_is_counted_by_its_own_tasks(planned: Yard) -> None:
    """Others count for nothing, and what isn't there has none."""
    planned.add()
    with planned.database.read() as transaction:
        assert plans.counts(transaction, 1) == {TaskState.QUEUED: 1, TaskState.BLOCKED: 2}
        assert plans.counts(transaction, 9) == {}
        with pytest.raises(NotFound, match="no plan p9"):
            plans.get(transaction, 9)
