"""In which order tasks are taken, and what keeps them from being taken together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from deputize import queue
from deputize.errors import IllegalMove
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.limits import NO_LIMITS, Limits
from deputize.model.outcome import Outcome
from deputize.model.rules import Rules
from deputize.model.states import TaskState
from deputize.queue import Edits
from deputize.store import barriers, line
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from deputize.queue import Claim


def claim(yard: Yard, limits: Limits = NO_LIMITS) -> Claim | None:
    """Let a worker ask for work under limits."""
    return queue.claim(yard.database, a_worker(), yard.now, Rules(limits=limits))


def taken(yard: Yard, limits: Limits = NO_LIMITS) -> list[int]:
    """Let a worker take all it can get."""
    found = []
    while claimed := claim(yard, limits):
        found.append(claimed.task.id)
    return found


def close(yard: Yard, kind: BarrierKind, name: str, seconds: float | None = None) -> None:
    """Close a barrier, for good or for a while."""
    until = None if seconds is None else yard.now + timedelta(seconds=seconds)
    cause = Cause.PERSON if until is None else Cause.LIMIT
    barrier = Barrier(kind=kind, name=name, cause=cause, since=yard.now, until=until, by=ADA)
    with yard.database.write() as transaction:
        barriers.close(transaction, barrier, yard.now)


def test_a_large_plan_and_single_tasks_take_turns(yard: Yard) -> None:
    """Fifty tasks of a plan don't keep one task waiting that is added after them."""
    for _ in range(50):
        yard.add(plan=1)
    yard.claimed()
    single = yard.add()
    first = [yard.claimed().task.id for _ in range(3)]
    assert single in first


def test_two_plans_and_two_hosts_share_alike(yard: Yard) -> None:
    """What each has queued is taken in turn, whoever was first with how much."""
    for share in ({"plan": 1}, {"plan": 2}, {"origin": "mcp"}):
        for _ in range(10):
            yard.add(**share)
    order = [yard.claimed().task for _ in range(15)]
    counts = {
        share: sum(task.share == share for task in order) for share in ("plan:1", "plan:2", "mcp")
    }
    assert counts == {"plan:1": 5, "plan:2": 5, "mcp": 5}


def test_one_share_is_served_in_the_order_in_which_it_came(yard: Yard) -> None:
    """Whatever else is in line, and though some come back to it."""
    for number in range(6):
        yard.add(plan=1 + number % 2)
    first = yard.claimed()
    yard.finish(first, Outcome.WORKER_LOST)
    assert taken(yard) == [1, 2, 3, 4, 5, 6]


def test_what_has_waited_long_becomes_urgent(yard: Yard) -> None:
    """A background task is taken before a normal one once it has waited long enough."""
    limits = Limits(ageing_seconds=600)
    yard.add(priority=7)
    yard.pass_time(1200)
    yard.add(priority=6)
    found = claim(yard, limits)
    assert found is not None
    assert found.task.id == 1
    with yard.database.read() as transaction:
        assert line.oldest_ready(transaction, yard.now) == yard.now


def test_the_time_in_which_a_task_could_not_be_taken_does_not_count(yard: Yard) -> None:
    """Delayed, blocked and held tasks begin to wait when nothing of that holds any more."""
    limits = Limits(ageing_seconds=600)
    yard.add(priority=6, not_before=NOON + timedelta(seconds=3000))
    yard.add(priority=6, held=True)
    yard.pass_time(3000)
    queue.hold(yard.database, 2, ADA, yard.now, held=False)
    yard.add(priority=5)
    assert [claimed.task.id for _ in range(3) if (claimed := claim(yard, limits))] == [3, 1, 2]


@pytest.mark.parametrize(
    ("limits", "changed"),
    [
        (Limits(roles={"writer": 2}), {}),
        (Limits(agents={"copilot": 2}), {}),
        (Limits(providers={"anthropic": 2}), {"provider": "anthropic"}),
        (Limits(labels={"gpu": 2}), {"labels": ("gpu", "big")}),
        (Limits(repository=2), {"repo": "/a", "git_dir": "/a/.git"}),
    ],
)
def test_no_more_run_at_once_than_the_limit_says(
    yard: Yard, limits: Limits, changed: dict[str, Any]
) -> None:
    """Others go on, and one that ends makes room for the next."""
    for _ in range(4):
        yard.add(**changed)
    other = {"role": "tester", "agent": "codex", "repo": "/b", "git_dir": "/b/.git"}
    yard.add(**other)
    first = claim(yard, limits)
    assert first is not None
    assert taken(yard, limits) == [2, 5]
    yard.finish(first)
    assert taken(yard, limits) == [3]


def test_of_one_lock_a_single_task_works(yard: Yard) -> None:
    """The next is taken when it has ended; the database itself holds that."""
    for _ in range(2):
        yard.add(lock="db")
    first = claim(yard)
    assert first is not None
    assert claim(yard) is None
    yard.finish(first)
    assert taken(yard) == [2]


@pytest.mark.parametrize(
    ("closed", "name"),
    [
        (BarrierKind.ALL, ""),
        (BarrierKind.ROLE, "writer"),
        (BarrierKind.PLAN, "3"),
        (BarrierKind.AGENT, "copilot"),
        (BarrierKind.PROVIDER, "anthropic"),
    ],
)
def test_nothing_behind_a_closed_gate_is_taken(yard: Yard, closed: BarrierKind, name: str) -> None:
    """Until it is opened; what is not behind it goes on."""
    yard.add(plan=3, provider="anthropic")
    yard.add(role="tester", agent="codex")
    close(yard, closed, name)
    assert taken(yard) == ([] if closed is BarrierKind.ALL else [2])
    with yard.database.write() as transaction:
        assert barriers.reopen(transaction, closed, name, Cause.PERSON, by=ADA, now=yard.now)
        assert not barriers.reopen(transaction, closed, name, Cause.PERSON, by=ADA, now=yard.now)
    assert 1 in taken(yard)


def test_a_limit_that_one_task_meets_closes_the_gate_for_all_of_its_provider(yard: Yard) -> None:
    """They use up no try; others go on; at its reset the barrier is open by itself."""
    for provider in ("anthropic", "anthropic", "ollama"):
        yard.add(provider=provider)
    reset = yard.now + timedelta(hours=2)
    task = yard.run(Outcome.RATE_LIMITED, retry_at=reset, error="429")
    assert (task.state, task.not_before) == (TaskState.QUEUED, reset)
    assert taken(yard) == [3]
    with yard.database.read() as transaction:
        (barrier,) = barriers.closed(transaction, yard.now)
        assert barriers.next_opening(transaction, yard.now) == reset
    assert (barrier.kind, barrier.name, barrier.until, barrier.reason) == (
        "provider",
        "anthropic",
        reset,
        "429",
    )
    yard.pass_time(7200)
    assert taken(yard) == [1, 2]
    assert [attempt for attempt in yard.told(2) if attempt.startswith("attempt")] == [
        "attempt.started"
    ]


def test_a_limit_told_twice_ends_at_the_later_moment(yard: Yard) -> None:
    """Two running tasks may hear of different resets."""
    for seconds in (600, 7200, 60):
        close(yard, BarrierKind.AGENT, "copilot", seconds)
    with yard.database.read() as transaction:
        (barrier,) = barriers.closed(transaction, yard.now)
    assert barrier.until == yard.now + timedelta(seconds=7200)


def test_what_has_not_begun_can_be_edited(yard: Yard) -> None:
    """Named fields change, others stay, and the trail says which."""
    yard.add(priority=5, labels=("a",))
    edited = queue.edit(yard.database, 1, Edits(prompt="Do that", priority=1), ADA, yard.now)
    assert yard.task(1) == edited
    assert (edited.prompt, edited.priority, edited.labels) == ("Do that", 1, ("a",))
    queue.edit(yard.database, 1, Edits(priority=1), ADA, yard.now)
    assert yard.told(1) == ["task.queued", "task.edited"]
    yard.run(Outcome.WORKER_LOST)
    with pytest.raises(IllegalMove, match="#1 has begun"):
        queue.edit(yard.database, 1, Edits(priority=2), ADA, yard.now)


def test_another_priority_means_another_line_with_a_place_of_its_own(yard: Yard) -> None:
    """What is made urgent goes before what comes to that line later, whatever its old place was."""
    for _ in range(5):
        yard.add(plan=1)
    late = yard.add(plan=1)
    queue.edit(yard.database, late, Edits(priority=1), ADA, yard.now)
    for _ in range(3):
        yard.add(plan=2, priority=1)
    assert yard.claimed().task.id == late


def test_a_delay_that_is_given_later_counts_as_no_waiting(yard: Yard) -> None:
    """It could not have been taken meanwhile."""
    limits = Limits(ageing_seconds=600)
    yard.add(priority=6)
    later = yard.now + timedelta(seconds=3000)
    queue.edit(yard.database, 1, Edits(not_before=later), ADA, yard.now)
    yard.pass_time(3000)
    yard.add(priority=5)
    assert taken(yard, limits) == [2, 1]


def test_an_ended_limit_is_not_lifted_again(yard: Yard) -> None:
    """It is open already, and nothing is told of it."""
    close(yard, BarrierKind.AGENT, "copilot", 60)
    yard.pass_time(61)
    with yard.database.write() as transaction:
        assert not barriers.reopen(
            transaction, BarrierKind.AGENT, "copilot", Cause.LIMIT, by=ADA, now=yard.now
        )
