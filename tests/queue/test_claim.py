"""Who gets which task, and for how long the right to it lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.errors import LeaseLost
from deputize.model.activity import Activity, Turn
from deputize.model.approval import ApprovalState
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.model.task import Place
from deputize.queue import Ending
from deputize.store import approvals, attempts, tasks, workers
from tests.fixtures.nouns import NOON, an_approval
from tests.fixtures.peers import claim_all, peers
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from pathlib import Path


def test_the_most_urgent_comes_first_then_the_oldest(yard: Yard) -> None:
    """A lower number is more urgent; among equals the one that waited longest."""
    for priority in (5, 10, 1, 5, 1):
        yard.add(priority=priority)
    assert [yard.claimed().task.id for _ in range(5)] == [3, 5, 1, 4, 2]
    assert yard.claim() is None


def test_a_claim_opens_an_attempt_with_a_lease(yard: Yard) -> None:
    """Numbered, for this worker, from the task's base, session and agent; and it is told."""
    yard.add(agent="goose", model="m", base="1" * 40, session="s1", not_before=NOON)
    claim = yard.claimed("w2")
    task, attempt = claim.task, claim.attempt
    assert yard.task(1) == task
    assert (task.state, task.attempt, task.started_at) == (TaskState.RUNNING, attempt.id, NOON)
    assert task.not_before is None
    assert (attempt.number, attempt.worker, attempt.agent) == (1, "w2", "goose")
    assert (attempt.model, attempt.base, attempt.session) == ("m", "1" * 40, "s1")
    assert attempt.lease_expires_at == NOON + timedelta(seconds=30)
    assert len(attempt.token) == 32
    assert yard.told(1)[-1] == "attempt.started"


def test_a_worker_takes_only_its_roles(yard: Yard) -> None:
    """Without roles it takes any; whoever wants others waits for others."""
    for role in ("inspector", "writer", "tester"):
        yard.add(role=role)
    assert yard.claim("w1", "reviewer") is None
    found = yard.claim("w1", "writer", "tester")
    assert found is not None
    assert found.task.role == "writer"
    assert yard.claimed().task.role == "inspector"


def test_a_delayed_task_is_not_taken_before_its_time(yard: Yard) -> None:
    """Nor does it hold up the others; a clock that jumps back only makes it wait longer."""
    yard.add(not_before=NOON + timedelta(seconds=60), priority=1)
    yard.add()
    with yard.database.read() as transaction:
        assert tasks.next_start(transaction, NOON) == NOON + timedelta(seconds=60)
    assert yard.claimed().task.id == 2
    yard.pass_time(59)
    assert yard.claim() is None
    yard.pass_time(-3600)
    assert yard.claim() is None
    yard.pass_time(3601)
    assert yard.claimed().task.id == 1


def test_a_held_task_is_not_taken_until_it_is_released(yard: Yard) -> None:
    """A person's pause holds against every worker."""
    yard.add(held=True)
    assert yard.claim() is None
    queue.hold(yard.database, 1, ADA, NOON, held=False)
    assert yard.claimed().task.id == 1


def test_a_task_that_is_asked_about_is_not_taken_until_it_is_answered(yard: Yard) -> None:
    """An open question stops it; questions about other tasks don't."""
    yard.add()
    yard.add()
    with yard.database.write() as transaction:
        asked = approvals.ask(transaction, an_approval(task=1), "landing", NOON)
    assert yard.claimed().task.id == 2
    assert yard.claim() is None
    with yard.database.write() as transaction:
        yes = ApprovalState.APPROVED
        approvals.answer(transaction, asked, yes, by=ADA, words=None, now=NOON)
    assert yard.claimed().task.id == 1


def test_a_task_that_needs_another_is_not_taken_until_that_is_done(yard: Yard) -> None:
    """Being at work on the need is not enough."""
    yard.add()
    yard.add(1)
    need = yard.claimed()
    assert yard.claim() is None
    yard.finish(need)
    assert yard.claimed().task.id == 2


def test_a_checkout_is_worked_in_by_one_task_at_a_time(yard: Yard) -> None:
    """In-place tasks of one checkout follow each other; other checkouts, and worktrees, don't."""
    in_place = {"place": Place.IN_PLACE, "git_dir": "/a/.git"}
    for repo in ("/a", "/a", "/b"):
        yard.add(**in_place, repo=repo, lock=f"checkout:{repo}")
    yard.add(repo="/a", git_dir="/a/.git")
    first = yard.claimed()
    assert [yard.claimed().task.id for _ in range(2)] == [3, 4]
    assert yard.claim() is None
    yard.finish(first)
    assert yard.claimed().task.id == 2


@pytest.mark.parametrize("ended", ["draining", "stopped"])
def test_a_worker_that_drains_or_was_given_up_gets_nothing(yard: Yard, ended: str) -> None:
    """What it would begin, others would take from it at once."""
    yard.add()
    with yard.database.write() as transaction:
        if ended == "draining":
            workers.drain(transaction, "w1", NOON)
        else:
            workers.stop(transaction, "w1", NOON, lost=True)
    assert yard.claim("w1") is None
    assert yard.claim("w2") is not None


def test_two_processes_never_get_the_same_task(yard: Yard, kind: str, tmp_path: Path) -> None:
    """200 tasks are claimed at full speed; each by one of them, none by both, none by nobody."""
    for _ in range(200):
        yard.add()
    with peers(2) as pool:
        first, second = pool.map(claim_all, (kind, kind), (tmp_path, tmp_path), ("w1", "w2"))
    assert first
    assert second
    assert not set(first) & set(second)
    assert sorted(first + second) == list(range(1, 201))
    assert first == sorted(first)


def test_a_heartbeat_renews_every_lease_and_says_what_changed(yard: Yard) -> None:
    """Leases go on, losses and cancellations are heard of, and so is the worker's own end."""
    for _ in range(3):
        yard.add()
    kept, lost, cancelled = (yard.claimed() for _ in range(3))
    yard.finish(lost, Outcome.WORKER_LOST)
    queue.cancel(yard.database, cancelled.task.id, ADA, NOON)
    yard.pass_time(20)
    held = [claim.attempt for claim in (kept, lost, cancelled)]
    with yard.database.read() as transaction:
        assert queue.is_wanted(transaction, "w1", [cancelled.attempt.id])
        assert not queue.is_wanted(transaction, "w1", [kept.attempt.id])
    pulse = queue.beat(yard.database, "w1", held, yard.now)
    assert pulse.lost == frozenset({lost.attempt.id})
    assert pulse.cancelled == frozenset({cancelled.attempt.id})
    assert not pulse.draining
    assert not pulse.given_up
    with yard.database.write() as transaction:
        renewed = attempts.get(transaction, kept.attempt.id)
        assert renewed.lease_expires_at == NOON + timedelta(seconds=50)
        workers.drain(transaction, "w1", yard.now)
        assert queue.is_wanted(transaction, "w1", [])
    assert queue.beat(yard.database, "w1", [], yard.now).draining
    with yard.database.write() as transaction:
        workers.stop(transaction, "w1", yard.now, lost=True)
    assert queue.beat(yard.database, "w1", [], yard.now).given_up


def test_a_heartbeat_tells_what_an_attempt_does(yard: Yard) -> None:
    """It stays what it was where nothing new is known, and is told of what is still held alone."""
    yard.add()
    attempt = yard.claimed().attempt
    known = Activity(Turn.TOOL, "shell make test", NOON, NOON, 2, 0.25)

    def told() -> Activity | None:
        with yard.database.read() as transaction:
            return attempts.get(transaction, attempt.id).activity

    assert told() is None
    queue.beat(yard.database, "w1", [attempt], yard.now, {attempt.id: known})
    assert told() == known
    queue.beat(yard.database, "w1", [attempt], yard.now)
    assert told() == known
    stale = attempt._replace(token="another")
    queue.beat(yard.database, "w1", [stale], yard.now, {attempt.id: known._replace(what="x")})
    assert told() == known


def test_a_late_finish_by_an_old_token_changes_nothing(yard: Yard) -> None:
    """After a rescue the first worker's end is refused, and the second's is untouched by it."""
    yard.add()
    old = yard.claimed("w1")
    yard.finish(old, Outcome.WORKER_LOST)
    new = yard.claimed("w2")
    before = yard.task(1), yard.told(1)
    for stale in (old.attempt, new.attempt._replace(token=old.attempt.token)):
        ending = Ending(outcome=Outcome.SUCCEEDED, answer="from the dead")
        with pytest.raises(LeaseLost):
            queue.finish(yard.database, stale, ending, yard.now)
    assert (yard.task(1), yard.told(1)) == before
    assert yard.finish(new, answer="from the living").result == "from the living"
