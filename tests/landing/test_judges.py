"""Where an agent judges a race: when it is asked, what its verdict means, and what without one."""

from __future__ import annotations

from contextlib import closing
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.desk.races import race_view
from deputize.errors import IllegalMove
from deputize.landing import records
from deputize.model.attempt import Usage
from deputize.model.budget import Account, Scope
from deputize.model.outcome import Outcome
from deputize.model.plan import PlanState
from deputize.model.race import Judge, Turn
from deputize.model.states import TaskState
from deputize.model.task import Place
from deputize.queue import Ending
from deputize.store import changes, journal, plans, spending, tasks, workers
from deputize.surfaces.cli.endings import exit_code_of_race
from tests.fixtures.databases import Intruder, open_database
from tests.fixtures.nouns import NOON, OTHER_COMMIT, a_worker
from tests.fixtures.races import passed, race, turn
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.desk.races import JudgingView
    from deputize.model.change import Change
    from deputize.model.event import Entry
    from deputize.model.task import Task
    from deputize.queue import Claim
    from deputize.store.database import Database

TREES = ("b" * 40, "a" * 40, "c" * 40)
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
"""Whether somebody waits for a row that another has locked."""
BEST = '{"choice": "B", "reason": "it is whole"}'


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[Database]:
    """Open a database with a worker."""
    with closing(open_database(kind, tmp_path)) as opened:
        with opened.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
        yield opened


def all_passed(database: Database, count: int = 2) -> list[Change]:
    """Add a race of so many that an agent judges, and let all pass."""
    race(database, Judge.AGENT, *({} for _ in range(count)))
    return [passed(database, count - place, tree=TREES[place]) for place in range(count)]


def claimed(database: Database) -> Claim:
    """Let a worker take the next task."""
    claim = queue.claim(database, a_worker(), NOON)
    assert claim is not None
    return claim


def judged(database: Database, answer: str | None, outcome: Outcome = Outcome.SUCCEEDED) -> None:
    """Let the judge end with an answer."""
    claim = claimed(database)
    assert claim.task.is_judge
    ending = Ending(outcome=outcome, answer=answer, error=None if answer else "it broke")
    queue.finish(database, claim.attempt, ending, NOON)


def judges(database: Database) -> list[Task]:
    """Return the tasks in which the race was judged."""
    with database.read() as transaction:
        return [task for task in tasks.of_plan(transaction, 1) if task.is_judge]


def told(database: Database, kind: str = "change.chosen") -> list[Entry]:
    """Return what the journal says of a kind."""
    with database.read() as transaction:
        return [entry for entry in journal.recent(transaction) if entry.kind == kind]


def judging(database: Database) -> JudgingView | None:
    """Return how far the judge is, as people look at it."""
    with database.read() as transaction:
        race = race_view(transaction, plans.get(transaction, 1))
    return race.judging if race else None


def standing(database: Database) -> str | None:
    """Return how far the judge is, as people are told."""
    found = judging(database)
    return found.told if found else None


def at_once(kind: str, folder: Path, *calls: Callable[[Database], object]) -> list[object]:
    """Do several things at the same moment, each by a connection of its own."""
    start, found = Barrier(len(calls)), dict[int, object]()

    def do(place: int, call: Callable[[Database], object]) -> None:
        with closing(open_database(kind, folder)) as own:
            start.wait()
            found[place] = call(own)

    threads = [Thread(target=do, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[place] for place in range(len(calls))]


def test_once_all_have_ended_an_agent_is_asked(database: Database) -> None:
    """In a task of the race that changes nothing, told of in the trail; those that passed wait."""
    race(database, Judge.AGENT, {"priority": 3, "labels": ("x",)}, {"priority": 3})
    first = passed(database, tree=TREES[0])
    assert turn(database, first) is Turn.WAIT
    assert judges(database) == []
    second = passed(database, tree=TREES[1])
    assert turn(database, second) is Turn.ASK
    assert [turn(database, one) for one in (first, second)] == [Turn.WAIT] * 2
    assert standing(database) == "#3 is judging #1, #2"
    (task,) = judges(database)
    assert (task.title, task.state, task.role) == ("judging #1, #2", TaskState.QUEUED, "judge")
    assert (task.place, task.priority, task.base) == (Place.READ_ONLY, 3, first.base)
    assert (task.agent, task.model, task.plan) == ("claude", "opus", 1)
    assert task.prompt.endswith("\n\nFix the typo\nin README.md")
    assert "A and B" in task.prompt
    with database.read() as transaction:
        plan = plans.get(transaction, 1)
    assert (plan.judging, plan.compared) == (task.id, (second.id, first.id))
    asked = told(database, "task.queued")[-1]
    assert (asked.task, asked.actor) == (task.id, "landing")
    assert asked.body["changes"] == [second.id, first.id]


def test_of_two_that_ask_at_once_one_asks(database: Database, kind: str, tmp_path: Path) -> None:
    """The other sees that an agent was asked."""
    first, second = all_passed(database)
    asked = at_once(kind, tmp_path, lambda own: turn(own, first), lambda own: turn(own, second))
    assert sorted(map(str, asked)) == ["ask", "wait"]
    assert len(judges(database)) == 1


def test_its_verdict_is_what_lands(database: Database) -> None:
    """With its reason in the trail; the others give way, and what it has done is no win."""
    first, second = all_passed(database)
    turn(database, first)
    judged(database, BEST)
    assert [turn(database, one) for one in (second, first)] == [Turn.WAIT, Turn.LAND]
    (chosen,) = told(database)
    assert chosen.change == first.id
    assert chosen.body == {"plan": 1, "judge": "agent", "judging": 3, "reason": "it is whole"}
    records.land(database, first, OTHER_COMMIT, NOON)
    records.withdraw(database, second, NOON)
    with database.read() as transaction:
        assert [task.reason for task in tasks.of_plan(transaction, 1)] == [
            None,
            Outcome.RACE_LOST,
            None,
        ]
    (done,) = told(database, "plan.done")
    assert (done.body["done"], done.body["cancelled"]) == (1, 1)
    assert done.body["ends"] == {
        "#1": "copilot: done",
        "#2": "copilot: race_lost: #1 (copilot) has won the race",
    }


@pytest.mark.parametrize(
    ("answer", "outcome", "why"),
    [
        (None, Outcome.AGENT_ERROR, "agent_error: it broke"),
        ("B is best", Outcome.UNUSABLE_ANSWER, "unusable_answer"),
        ("B is best", Outcome.SUCCEEDED, "its answer is no verdict"),
        (BEST.replace("B", "C"), Outcome.SUCCEEDED, "its answer is no verdict"),
    ],
)
def test_where_it_can_not_say_the_smallest_lands_and_that_is_told(
    database: Database, answer: str | None, outcome: Outcome, why: str
) -> None:
    """Whether it failed, or what is kept of it can't be read."""
    first, second = all_passed(database)
    turn(database, first)
    judged(database, answer, outcome)
    assert [turn(database, one) for one in (first, second)] == [Turn.WAIT, Turn.LAND]
    (chosen,) = told(database)
    assert chosen.body == {
        "plan": 1,
        "judge": "agent",
        "judging": 3,
        "fallback": "smallest",
        "reason": why,
    }
    found = judging(database)
    assert found is not None
    assert (found.best_task, found.fallback, found.reason) == (None, Judge.SMALLEST, why)
    with pytest.raises(IllegalMove, match=r"#3 (judged a race, which has gone on|is done)"):
        queue.retry(database, 3, "person:ada", NOON)


def test_what_it_uses_is_spent_by_the_race(database: Database) -> None:
    """On the account of the plan, beside those that run in it."""
    first, _ = all_passed(database)
    turn(database, first)
    claim = claimed(database)
    usage = Usage(input_tokens=7, output_tokens=2)
    ending = Ending(outcome=Outcome.SUCCEEDED, answer=BEST, usage=usage)
    queue.finish(database, claim.attempt, ending, NOON)
    with database.read() as transaction:
        spent, _ = spending.get(transaction, Account(Scope.PLAN, "1"))
    assert spent.tokens == 9


def test_one_that_a_person_stops_could_not_say(database: Database) -> None:
    """The race goes on at once."""
    first, second = all_passed(database)
    turn(database, first)
    queue.cancel(database, 3, "person:ada", NOON)
    assert turn(database, second) is Turn.LAND
    assert told(database)[0].body["reason"] == "cancelled"


def test_where_one_is_left_nobody_is_asked(database: Database) -> None:
    """Nor where both have done the same: then the earlier lands."""
    race(database, Judge.AGENT, {}, {})
    first, second = passed(database), passed(database)
    assert [turn(database, one) for one in (second, first)] == [Turn.WAIT, Turn.LAND]
    assert judges(database) == []
    assert told(database)[0].body == {"plan": 1, "judge": "agent", "reason": "no other is left"}


def test_where_the_best_is_lost_the_rest_is_judged_anew(database: Database) -> None:
    """What it said of three says nothing of two; then one is left, and nobody is asked."""
    first, second, third = all_passed(database, 3)
    turn(database, first)
    judged(database, BEST)  # b, the first
    assert turn(database, first) is Turn.LAND
    lose(database, first)
    assert turn(database, second) is Turn.ASK
    assert [task.title for task in judges(database)] == ["judging #1, #2, #3", "judging #2, #3"]
    judged(database, BEST)  # c, the third
    assert [turn(database, one) for one in (second, third)] == [Turn.WAIT, Turn.LAND]
    lose(database, third)
    assert turn(database, second) is Turn.LAND
    assert [entry.body.get("judging") for entry in told(database)] == [4, 5, None]


def lose(database: Database, change: Change) -> None:
    """Let a change run into a conflict, with no rework left."""
    records.send_back(
        database, change, reason=Outcome.CONFLICT, message="conflicts", feedback="mend it",
        base=OTHER_COMMIT, granted=0, checks=(), now=NOON,
    )  # fmt: skip


def test_what_comes_meanwhile_is_judged_with_the_rest(database: Database) -> None:
    """One that was revived: the agent that knows nothing of it is stopped, and another asked."""
    race(database, Judge.AGENT, {}, {}, {})
    first = passed(database, tree=TREES[0])
    second = passed(database, tree=TREES[1])
    queue.cancel(database, 3, "person:ada", NOON)
    turn(database, first)
    claim = claimed(database)
    queue.retry(database, 3, "person:ada", NOON)
    assert [turn(database, one) for one in (first, second)] == [Turn.WAIT] * 2
    third = passed(database, tree=TREES[2])
    assert claim.task.is_judge
    assert turn(database, third) is Turn.ASK
    old, new = judges(database)
    assert (old.cancel_requested, new.title) == (True, "judging #1, #2, #3")
    queue.finish(database, claim.attempt, Ending(outcome=Outcome.SUCCEEDED, answer=BEST), NOON)
    assert turn(database, first) is Turn.WAIT


def test_where_nothing_is_left_the_judge_is_stopped(database: Database) -> None:
    """A person took the changes out of line one by one: the race has ended without a winner."""
    both = all_passed(database)
    turn(database, both[0])
    for change in both:
        queue.cancel(database, change.task, "person:ada", NOON)
        records.withdraw(database, change, NOON)
    (judge,) = judges(database)
    assert (judge.state, judge.message) == (TaskState.CANCELLED, "nothing is left to judge")
    assert standing(database) == "#3 was stopped: nothing was left to choose between"
    with database.read() as transaction:
        assert plans.state(transaction, plans.get(transaction, 1)) is PlanState.FAILED
    assert len(told(database, "plan.failed")) == 1


def test_a_judge_at_work_is_stopped_where_nothing_is_left(database: Database) -> None:
    """It ends later, as one that is cancelled does: nothing was taken in its stead."""
    both = all_passed(database)
    turn(database, both[0])
    claim = claimed(database)
    for change in both:
        queue.cancel(database, change.task, "person:ada", NOON)
        records.withdraw(database, change, NOON)
    assert standing(database) == "#3 is judging #1, #2"
    queue.finish(database, claim.attempt, Ending(outcome=Outcome.CANCELLED), NOON)
    assert standing(database) == "#3 was stopped: nothing was left to choose between"
    found = judging(database)
    assert found is not None
    assert (found.best_task, found.fallback, found.reason) == (None, None, "cancelled")


def test_what_was_taken_instead_is_told_when_it_is_lost_too(database: Database) -> None:
    """That a person stopped the judge, and the smallest was chosen, has been so."""
    first, second = all_passed(database)
    turn(database, first)
    queue.cancel(database, 3, "person:ada", NOON)
    assert turn(database, second) is Turn.LAND
    lose(database, second)
    lose(database, first)
    assert standing(database) == "#3 could not say, so the smallest was taken: cancelled"


def test_one_that_is_left_lands_without_waiting_for_the_judge(database: Database) -> None:
    """Who judges is stopped with the others."""
    first, second = all_passed(database)
    turn(database, first)
    claim = claimed(database)
    queue.cancel(database, first.task, "person:ada", NOON)
    records.withdraw(database, first, NOON)
    assert turn(database, second) is Turn.LAND
    records.land(database, second, OTHER_COMMIT, NOON)
    assert judges(database)[0].cancel_requested
    queue.finish(database, claim.attempt, Ending(outcome=Outcome.CANCELLED), NOON)
    assert judges(database)[0].reason is Outcome.RACE_LOST
    assert told(database)[0].body["reason"] == "no other is left"
    assert standing(database) == "#3 was stopped: nothing was left to choose between"


def test_that_a_judge_is_done_is_no_win(database: Database) -> None:
    """Where what it chose, and the rest, come to nothing, the race has failed."""
    first, second = all_passed(database)
    turn(database, first)
    judged(database, BEST)
    lose(database, first)
    lose(database, second)
    with database.read() as transaction:
        assert plans.state(transaction, plans.get(transaction, 1)) is PlanState.FAILED
        assert changes.unsettled(transaction) == []
        assert exit_code_of_race(tasks.of_plan(transaction, 1)) == 1
    assert len(told(database, "plan.failed")) == 1


def test_a_judge_may_end_while_another_is_asked(
    database: Database, kind: str, tmp_path: Path
) -> None:
    """Both lock its task before the plan: neither waits for what the other holds."""
    race(database, Judge.AGENT, {}, {}, {})
    first = passed(database, tree=TREES[0])
    passed(database, tree=TREES[1])
    queue.cancel(database, 3, "person:ada", NOON)
    turn(database, first)
    judge = claimed(database).task
    queue.retry(database, 3, "person:ada", NOON)
    third = passed(database, tree=TREES[2])
    found = list[Turn]()

    def ask(own: Database) -> None:
        found.append(turn(own, third))

    with (
        closing(open_database(kind, tmp_path)) as own,
        closing(Intruder(kind, tmp_path)) as intruder,
    ):
        other = Thread(target=ask, args=(own,))
        with database.write() as transaction:
            tasks.lock(transaction, judge.id)
            other.start()
            if kind == "postgres":
                wait_until(lambda: intruder.run(WAITING))
            plans.lock(transaction, 1)
        other.join()
    assert found == [Turn.ASK]
    assert [task.title for task in judges(database)][-1] == "judging #1, #2, #3"
