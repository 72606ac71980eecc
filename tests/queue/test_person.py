"""What a person may ask of a task: cancel, hold, release, retry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.errors import IllegalMove, NotFound
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.store import changes, sessions, settle, tasks
from tests.fixtures.nouns import NOON
from tests.fixtures.yard import ADA

if TYPE_CHECKING:
    from deputize.model.task import Task
    from tests.fixtures.yard import Yard

BLOCKED, QUEUED, CANCELLED = TaskState.BLOCKED, TaskState.QUEUED, TaskState.CANCELLED


def cancel(yard: Yard, number: int) -> Task:
    """Cancel a task."""
    return queue.cancel(yard.database, number, ADA, yard.now)


def retry(yard: Yard, number: int, *, resume: bool = False) -> Task:
    """Revive a task."""
    return queue.retry(yard.database, number, ADA, yard.now, resume=resume)


def hold(yard: Yard, number: int, *, held: bool = True) -> Task:
    """Pause a task, or let it go on."""
    return queue.hold(yard.database, number, ADA, yard.now, held=held)


def test_what_has_not_begun_is_cancelled_at_once(yard: Yard) -> None:
    """Queued or blocked, held or not; and those who need it with it."""
    yard.add(held=True)
    yard.add(1)
    yard.add(2)
    assert cancel(yard, 2).reason is Outcome.CANCELLED
    assert yard.states() == [QUEUED, CANCELLED, CANCELLED]
    assert yard.task(3).reason is Outcome.NEED_FAILED
    assert cancel(yard, 1).state is CANCELLED


def test_what_is_at_work_is_asked_to_stop_once(yard: Yard) -> None:
    """Its owner ends it; asking again, or when it is over, changes and tells nothing."""
    yard.add()
    claim = yard.claimed()
    assert cancel(yard, 1).state is TaskState.RUNNING
    told = yard.told(1)
    assert told[-1] == "task.cancel_requested"
    assert cancel(yard, 1).cancel_requested
    assert yard.told(1) == told
    yard.finish(claim, Outcome.CANCELLED)
    told = yard.told(1)
    assert cancel(yard, 1).state is CANCELLED
    assert yard.told(1) == told


def test_what_is_landing_is_asked_to_stop(yard: Yard) -> None:
    """Landing owns it: only the request is noted."""
    yard.add()
    yard.propose(yard.claimed())
    asked = cancel(yard, 1)
    assert (asked.state, asked.cancel_requested) == (TaskState.LANDING, True)


def test_what_is_done_is_not_cancelled(yard: Yard) -> None:
    """Cancelling what is final is no error and changes nothing."""
    yard.add()
    yard.run()
    assert cancel(yard, 1).state is TaskState.DONE


def test_a_hold_is_noted_once_and_lifted_once(yard: Yard) -> None:
    """Only what hasn't begun can be held; the error says what can be done instead."""
    yard.add()
    for held in (True, True, False, False):
        assert hold(yard, 1, held=held).held is held
    assert yard.told(1) == ["task.queued", "task.held", "task.unheld"]
    yard.claimed()
    with pytest.raises(IllegalMove, match="#1 is running and can't be held") as caught:
        hold(yard, 1)
    assert caught.value.hint == "`deputize cancel 1` stops it"


def test_a_retry_gives_all_tries_again(yard: Yard) -> None:
    """A new round from the next attempt on, with nothing left of how it ended."""
    yard.add(attempts=2)
    for _ in range(2):
        yard.run(Outcome.AGENT_ERROR, error="no", answer="sorry")
        yard.pass_time(10)
    assert yard.task(1).state is TaskState.FAILED
    revived = retry(yard, 1)
    assert revived == yard.task(1)
    assert (revived.state, revived.round_start, revived.session) == (QUEUED, 3, None)
    assert (revived.reason, revived.message, revived.result) == (None, None, None)
    assert (revived.finished_at, revived.not_before, revived.rework_count) == (None, None, 0)
    assert yard.told(1)[-1] == "task.retried"
    assert yard.run(Outcome.AGENT_ERROR).state is QUEUED
    yard.pass_time(10)
    assert yard.run(Outcome.AGENT_ERROR).state is TaskState.FAILED


def test_a_retry_may_resume_the_agents_last_session(yard: Yard) -> None:
    """Only if it is asked to, and only this agent's."""
    yard.add()
    claim = yard.claimed()
    with yard.database.write() as transaction:
        sessions.use(transaction, claim.attempt, "s9", NOON)
    yard.finish(claim, Outcome.TIME_LIMIT)
    assert retry(yard, 1, resume=True).session == "s9"


def test_only_what_failed_or_was_cancelled_is_retried(yard: Yard) -> None:
    """Anything else is refused with what to type instead."""
    yard.add()
    with pytest.raises(IllegalMove, match="queued") as caught:
        retry(yard, 1)
    assert caught.value.hint == "`deputize cancel 1` first"
    yard.run()
    with pytest.raises(IllegalMove, match="done"):
        retry(yard, 1)
    with pytest.raises(NotFound):
        retry(yard, 9)


def test_reviving_a_need_lets_those_wait_again_who_fell_with_it(yard: Yard) -> None:
    """Each once, through every path; but not what a person cancelled."""
    yard.add()
    yard.add(1)
    yard.add(1, 2)
    yard.add(1)
    cancel(yard, 4)
    yard.run(Outcome.AUTH_FAILED)
    retry(yard, 1)
    assert yard.states() == [QUEUED, BLOCKED, BLOCKED, CANCELLED]
    assert yard.told(3).count("task.blocked") == 1
    assert yard.task(3).reason is None
    for _ in range(3):
        yard.run()
    assert yard.states()[:3] == [TaskState.DONE] * 3


def test_who_lacks_another_need_comes_back_with_that_one(yard: Yard) -> None:
    """Nothing waits for what will never be done, whichever need is revived first."""
    yard.add()
    yard.add()
    yard.add(1, 2)
    for _ in range(2):
        yard.run(Outcome.AUTH_FAILED)
    retry(yard, 1)
    assert yard.task(3).state is CANCELLED
    with pytest.raises(IllegalMove, match="#3 needs #2") as caught:
        retry(yard, 3)
    assert caught.value.hint == "`deputize retry 2` first"
    retry(yard, 2)
    assert yard.task(3).state is BLOCKED


def test_what_was_cancelled_while_it_waited_waits_again(yard: Yard) -> None:
    """Its need is still at work, so it is blocked, not queued; and it goes on as if nothing was."""
    yard.add()
    yard.add(1)
    cancel(yard, 2)
    assert retry(yard, 2).state is BLOCKED
    yard.run()
    assert yard.task(2).state is QUEUED


def test_a_retry_withdraws_what_is_still_in_line(yard: Yard) -> None:
    """Nothing of an earlier round may land beside what the new one makes."""
    yard.add()
    yard.propose(yard.claimed())
    with yard.database.write() as transaction:
        task = tasks.lock(transaction, 1)
        reason = Outcome.REJECTED
        settle.end(transaction, task, TaskState.FAILED, actor=ADA, now=NOON, reason=reason)
    retry(yard, 1)
    with yard.database.read() as transaction:
        (change,) = changes.of_task(transaction, 1)
    assert (change.state, change.settled_at) == (ChangeState.WITHDRAWN, NOON)
