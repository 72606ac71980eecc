"""Of the changes of a race one lands, whoever asks at once, and the others give way to it."""

from __future__ import annotations

from contextlib import closing
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.config.settings import Config
from deputize.errors import IllegalMove, InvalidInput
from deputize.intake.validation import check_needs
from deputize.landing import records
from deputize.model.event import Event
from deputize.model.need import Need, On
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.race import Judge, Turn
from deputize.model.states import TaskState
from deputize.queue import Ending
from deputize.store import changes, journal, plans, races, tasks, workers
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, OTHER_COMMIT, QUEUED, a_change, a_task, a_worker
from tests.fixtures.races import REPO, passed, race, turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.change import Change
    from deputize.store.database import Database


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[Database]:
    """Open a database with a worker."""
    with closing(open_database(kind, tmp_path)) as opened:
        with opened.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
        yield opened


def standing(database: Database) -> list[tuple[TaskState, Outcome | None, bool]]:
    """Return state, reason and whether it is being stopped of each task of the race."""
    with database.read() as transaction:
        found = tasks.of_plan(transaction, 1)
    return [(task.state, task.reason, task.cancel_requested) for task in found]


def test_of_two_that_ask_at_once_one_may_land(
    database: Database, kind: str, tmp_path: Path
) -> None:
    """Each by a connection of its own, at the same moment; who may, may again."""
    race(database, Judge.CHECKS, {}, {})
    both = [passed(database), passed(database)]
    start, found = Barrier(2), {}

    def ask(change: Change) -> None:
        with closing(open_database(kind, tmp_path)) as own:
            start.wait()
            found[change.id] = turn(own, change)

    threads = [Thread(target=ask, args=(change,)) for change in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found.values()) == [Turn.LAND, Turn.WAIT]
    assert {change.id: turn(database, change) for change in both} == found
    with database.read() as transaction:
        told = [entry for entry in journal.recent(transaction) if entry.kind == "change.chosen"]
        assert [entry.body for entry in told] == [{"plan": 1, "judge": "checks"}]
        assert found[plans.get(transaction, 1).chosen or 0] is Turn.LAND


def test_where_the_chosen_one_is_lost_another_takes_its_place(database: Database) -> None:
    """A conflict at the last moment sends it back; the next that has passed lands instead."""
    race(database, Judge.SMALLEST, {}, {})
    first, second = passed(database, 1), passed(database, 2)
    assert [turn(database, one) for one in (second, first)] == [Turn.WAIT, Turn.LAND]
    records.send_back(
        database, first, reason=Outcome.CONFLICT, message="conflicts", feedback="mend it",
        base=OTHER_COMMIT, granted=0, checks=(), now=NOON,
    )  # fmt: skip
    assert turn(database, second) is Turn.LAND
    records.land(database, second, OTHER_COMMIT, NOON)
    assert standing(database) == [
        (TaskState.FAILED, Outcome.CONFLICT, False),
        (TaskState.DONE, None, False),
    ]
    with database.read() as transaction:
        assert [entry.kind for entry in journal.recent(transaction)][-1] == "plan.done"


def test_landing_stops_the_others_wherever_they_are(database: Database) -> None:
    """What waits is cancelled at once, what runs or lands is asked to stop, and says why."""
    race(database, Judge.CHECKS, {}, {}, {}, {"held": True}, {"state": TaskState.BLOCKED})
    first, second = passed(database), passed(database)
    running = queue.claim(database, a_worker(), NOON)
    assert running is not None
    assert turn(database, first) is Turn.LAND
    records.land(database, first, OTHER_COMMIT, NOON)
    lost = (TaskState.CANCELLED, Outcome.RACE_LOST, False)
    assert standing(database) == [
        (TaskState.DONE, None, False),
        (TaskState.LANDING, None, True),
        (TaskState.RUNNING, None, True),
        lost,
        lost,
    ]
    records.withdraw(database, second, NOON)
    late = a_change(task=3, attempt=running.attempt.id)
    ending = Ending(outcome=Outcome.SUCCEEDED, change=late, saved_ref="refs/x")
    queue.finish(database, running.attempt, ending, NOON)
    assert standing(database)[1:] == [lost] * 4
    with database.read() as transaction:
        gone = changes.get(transaction, second.id)
        assert (gone.state, gone.reason) == ("withdrawn", "#1 (copilot) has won the race")
        assert tasks.get(transaction, 3).message == "#1 (copilot) has won the race"
        kinds = [entry.kind for entry in journal.recent(transaction)]
    assert kinds[-1] == "plan.done"
    assert kinds.count("plan.done") == 1


def test_what_a_person_cancels_has_not_lost(database: Database) -> None:
    """Nobody has won: the reason is the person, and the race goes on without it."""
    race(database, Judge.SMALLEST, {}, {})
    change = passed(database)
    assert turn(database, change) is Turn.WAIT
    queue.cancel(database, 2, "person:ada", NOON)
    assert standing(database)[1] == (TaskState.CANCELLED, Outcome.CANCELLED, False)
    assert turn(database, change) is Turn.LAND


def test_a_race_that_is_won_takes_nobody_back(database: Database) -> None:
    """Reviving one that has lost is refused; without a winner it is revived."""
    race(database, Judge.CHECKS, {}, {"held": True}, {"held": True})
    queue.cancel(database, 2, "person:ada", NOON)
    assert queue.retry(database, 2, "person:ada", NOON).state is TaskState.QUEUED
    change = passed(database)
    assert turn(database, change) is Turn.LAND
    records.land(database, change, OTHER_COMMIT, NOON)
    with pytest.raises(IllegalMove, match=r"#1 .copilot. has won the race"):
        queue.retry(database, 3, "person:ada", NOON)


def test_nobody_may_need_one_that_can_lose(database: Database) -> None:
    """Only its end may be waited for, or the one that has won."""
    race(database, Judge.CHECKS, {}, {"held": True})
    with database.read() as transaction:
        for on in (On.DONE, On.LANDED):
            with pytest.raises(InvalidInput, match="another may win it"):
                check_needs(transaction, [Need(id=1, on=on)], Config())
        assert check_needs(transaction, [Need(id=1, on=On.END)], Config())
    change = passed(database)
    assert turn(database, change) is Turn.LAND
    records.land(database, change, OTHER_COMMIT, NOON)
    with database.read() as transaction:
        assert not check_needs(transaction, [Need(id=1)], Config())


def test_tasks_that_do_not_race_always_have_their_turn(database: Database) -> None:
    """Neither a task of its own nor those of a plan; landing one stops no other."""
    with database.write() as transaction:
        for number in (None, 1, 1):
            if number and not plans.by_key(transaction, "k"):
                made = Plan(id=0, title="t", origin="cli", key="k", key_digest="d", created_at=NOON)
                plans.insert(transaction, made, Event(kind="plan.queued", actor="p"), NOON)
            tasks.insert(transaction, a_task(**REPO, plan=number), QUEUED, NOON)
    for change in [passed(database) for _ in range(3)]:
        assert turn(database, change) is Turn.LAND
        records.land(database, change, OTHER_COMMIT, NOON)
    with database.read() as transaction:
        assert races.of_task(transaction, tasks.get(transaction, 2)) is None
        states = [task.state for task in tasks.of_plan(transaction, 1)]
    assert states == [TaskState.DONE, TaskState.DONE]
