"""What the end of an attempt means for its task, and for the tasks that wait for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.model.attempt import ToolUse, Usage
from deputize.model.outcome import MEANINGS, Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.queue import Claim, Ending
from deputize.store import approvals, attempts, changes, journal, settle, workers
from tests.fixtures.nouns import NOON, a_worker, an_approval
from tests.fixtures.yard import ADA

if TYPE_CHECKING:
    from tests.fixtures.yard import Yard

BLOCKED, QUEUED, DONE = TaskState.BLOCKED, TaskState.QUEUED, TaskState.DONE
FAILED, CANCELLED = TaskState.FAILED, TaskState.CANCELLED
ONCE = [
    outcome
    for outcome, meaning in MEANINGS.items()
    if meaning.counts
    and meaning.default_tries == 1
    and outcome not in {Outcome.SUCCEEDED, Outcome.CANCELLED}
]


def test_success_without_a_change_is_done_with_the_answer(yard: Yard) -> None:
    """The attempt keeps all that is known of it, and both ends are told in order."""
    yard.add()
    task = yard.run(
        exit_code=0, answer="all is well", summary="looked", session="s1", saved_ref="refs/x",
        usage=Usage(input_tokens=5, cost_usd="0.1"), tools=(ToolUse(name="shell", count=2),),
    )  # fmt: skip
    assert (task.state, task.result, task.finished_at) == (DONE, "all is well", NOON)
    with yard.database.read() as transaction:
        (attempt,) = attempts.of_task(transaction, 1)
        ended = journal.of_task(transaction, 1)[-2]
    assert (attempt.outcome, attempt.exit_code, attempt.summary) == ("succeeded", 0, "looked")
    assert (attempt.session, attempt.saved_ref, attempt.finished_at) == ("s1", "refs/x", NOON)
    assert attempt.usage.cost_usd == "0.1"
    assert ended.body == {
        "outcome": "succeeded",
        "input_tokens": 5,
        "tools": ["shell ×2"],
        "summary": "looked",
        "saved_ref": "refs/x",
    }
    assert yard.told(1) == ["task.queued", "attempt.started", "attempt.finished", "task.done"]


def test_success_with_a_change_waits_for_landing(yard: Yard) -> None:
    """The change is proposed in the same transaction, and nobody can claim the task meanwhile."""
    yard.add()
    task = yard.propose(yard.claimed())
    assert (task.state, task.attempt, task.finished_at) == (TaskState.LANDING, None, None)
    with yard.database.read() as transaction:
        (change,) = changes.unsettled(transaction)
    assert (change.task, change.state) == (1, ChangeState.PROPOSED)
    assert yard.told(1)[-3:] == ["attempt.finished", "task.handed_over", "change.proposed"]
    assert yard.claim() is None


@pytest.mark.parametrize("outcome", ONCE)
def test_what_is_not_tried_again_fails_for_that_reason(yard: Yard, outcome: Outcome) -> None:
    """With the error for people, and nothing is left open."""
    yard.add()
    task = yard.run(outcome, error="it broke", answer="sorry")
    assert (task.state, task.reason, task.message) == (FAILED, outcome, "it broke")
    assert (task.result, task.finished_at, task.attempt) == ("sorry", NOON, None)
    assert yard.claim() is None


def test_a_crash_is_tried_three_times_with_growing_pauses(yard: Yard) -> None:
    """Each time in the agent's session as far as it is known, then it has failed."""
    yard.add()
    for wait, session in ((10, "s1"), (20, None)):
        task = yard.run(Outcome.AGENT_CRASHED, session=session)
        assert (task.state, task.session) == (QUEUED, "s1")
        assert task.not_before == yard.now + timedelta(seconds=wait)
        assert yard.claim() is None
        yard.pass_time(wait)
    claim = yard.claimed()
    assert (claim.attempt.number, claim.attempt.session) == (3, "s1")
    assert yard.finish(claim, Outcome.AGENT_CRASHED).reason is Outcome.AGENT_CRASHED
    with yard.database.read() as transaction:
        bodies = [e.body for e in journal.of_task(transaction, 1) if e.kind == "task.queued"]
    assert [body.get("tried") for body in bodies] == [None, "try 2 of 3", "try 3 of 3"]


def test_a_rate_limit_waits_until_it_resets(yard: Yard) -> None:
    """And uses up no try, however often."""
    yard.add()
    for _ in range(5):
        reset = yard.now + timedelta(hours=5)
        assert yard.run(Outcome.RATE_LIMITED, retry_at=reset).not_before == reset
        yard.pass_time(5 * 3600)
    assert yard.run().state is DONE


def test_a_full_disk_is_told_once_until_something_else_happens(yard: Yard) -> None:
    """A person has to act, nobody is asked a question, and no message comes at every try."""
    yard.add()
    for _ in range(3):
        yard.run(Outcome.OUT_OF_DISK, error="no space left")
        yard.pass_time(3600)
    assert yard.told(1).count("task.stalled") == 1
    yard.run(Outcome.WORKER_LOST)
    yard.run(Outcome.OUT_OF_DISK, error="no space left")
    with yard.database.read() as transaction:
        told = [e.body for e in journal.of_task(transaction, 1) if e.kind == "task.stalled"]
    assert told == [{"reason": "out_of_disk: no space left"}] * 2


def test_a_rescued_task_is_free_at_once_and_goes_on_where_it_was(yard: Yard) -> None:
    """The next attempt has a number and a token of its own, and the session of the last."""
    yard.add()
    first = yard.claimed("w1")
    task = yard.finish(first, Outcome.WORKER_LOST, session="s1", saved_ref="refs/saved")
    assert (task.state, task.not_before) == (QUEUED, None)
    second = yard.claimed("w2")
    assert (second.attempt.number, second.attempt.session) == (2, "s1")
    assert second.attempt.token != first.attempt.token
    assert "attempt.rescued" in yard.told(1)
    with yard.database.read() as transaction:
        assert attempts.get(transaction, first.attempt.id).saved_ref == "refs/saved"


def test_the_tenth_lost_worker_ends_it(yard: Yard) -> None:
    """A task that kills its workers doesn't go on for ever."""
    yard.add()
    for _ in range(9):
        assert yard.run(Outcome.WORKER_LOST).state is QUEUED
    assert yard.run(Outcome.WORKER_LOST).reason is Outcome.WORKER_LOST


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.AGENT_ERROR, Outcome.WORKER_LOST])
def test_a_cancel_beats_however_the_attempt_ends(yard: Yard, outcome: Outcome) -> None:
    """What was asked for holds, even where the agent finished in the same moment."""
    yard.add()
    claim = yard.claimed()
    queue.cancel(yard.database, 1, ADA, NOON)
    ended = yard.finish(claim, outcome)
    assert (ended.state, ended.reason) == (CANCELLED, Outcome.CANCELLED)
    with yard.database.read() as transaction:
        assert changes.listing(transaction) == []


def test_a_dependent_is_released_with_its_need_and_starts_from_what_has_it(yard: Yard) -> None:
    """In the finishing transaction; where the tip isn't known its base is left open."""
    yard.add()
    known = {"repo": "/a", "git_dir": "/a/.git", "target": "main"}
    yard.add(1, **known)
    yard.add(1, **(known | {"target": "other"}))
    with yard.database.read() as transaction:
        wanted = settle.targets_of_dependents(transaction, 1)
    assert wanted == {("/a/.git", "main"), ("/a/.git", "other")}
    tips = {("/a/.git", "main"): "7" * 40}
    ending = Ending(outcome=Outcome.SUCCEEDED)
    queue.finish(yard.database, yard.claimed().attempt, ending, NOON, tips)
    assert yard.states() == [DONE, QUEUED, QUEUED]
    assert (yard.task(2).base, yard.task(3).base) == ("7" * 40, None)
    assert yard.told(2)[-1] == "task.released"


def test_a_dependent_waits_for_all_its_needs(yard: Yard) -> None:
    """Only the last of them releases it; a held one is released and stays held."""
    for _ in range(3):
        yard.add()
    yard.add(1, 2, 3, held=True)
    for left in (2, 1, 0):
        yard.run()
        assert yard.task(4).state is (BLOCKED if left else QUEUED)
    assert yard.claim() is None
    assert yard.told(4).count("task.released") == 1


def test_a_failed_need_cancels_all_that_wait_for_it_once(yard: Yard) -> None:
    """Through every path of a diamond, each with the nearest reason and one event."""
    yard.add(title="Lay the ground")
    yard.add(1, title="Left")
    yard.add(1, title="Right")
    yard.add(1, 2, 3, title="Roof")
    yard.add(4)
    yard.add(agent="bystander")
    yard.run(Outcome.AGENT_MISSING, error="not installed")
    assert yard.states() == [FAILED, CANCELLED, CANCELLED, CANCELLED, CANCELLED, QUEUED]
    assert yard.task(2).message == "#1 (Lay the ground) failed"
    assert yard.task(5).message == "#4 (Roof) cancelled"
    for number in range(2, 6):
        assert yard.task(number).reason is Outcome.NEED_FAILED
        assert yard.told(number).count("task.cancelled") == 1


def test_a_long_chain_falls_and_rises_whole(yard: Yard) -> None:
    """A thousand tasks in a row are cancelled and revived in one go."""
    yard.add()
    for need in range(1, 1000):
        yard.add(need)
    yard.run(Outcome.AUTH_FAILED)
    assert set(yard.states()[1:]) == {CANCELLED}
    queue.retry(yard.database, 1, ADA, NOON)
    assert set(yard.states()[1:]) == {BLOCKED}


def test_the_end_of_a_task_voids_the_questions_about_it_and_those_who_needed_it(
    yard: Yard,
) -> None:
    """Nobody is asked about what can't go on."""
    yard.add()
    yard.add(1)
    with yard.database.write() as transaction:
        for number in (1, 2):
            approvals.ask(transaction, an_approval(task=number), "landing", NOON)
    queue.cancel(yard.database, 1, ADA, NOON)
    with yard.database.read() as transaction:
        assert approvals.unanswered(transaction) == []
        voided = approvals.of_task(transaction, 2)[0]
    assert (voided.state, voided.answered_by) == ("withdrawn", "task:1")


def turn_over(yard: Yard, *claims: Claim, count: int = 1) -> queue.Turnover:
    """Let attempts succeed, and `w1` take that many tasks, in one commit."""
    endings = [(claim.attempt, Ending(outcome=Outcome.SUCCEEDED)) for claim in claims]
    return queue.turn_over(yard.database, endings, a_worker(), count, yard.now)


def test_one_task_ends_and_the_next_is_taken_in_one_commit(yard: Yard) -> None:
    """It is the one that a claim would have got, a dependent that was released just now too."""
    first = yard.add()
    yard.add(first)
    (ended,), lost, (following,) = turn_over(yard, yard.claimed())
    assert (ended.state, lost) == (DONE, [])
    assert (following.task.id, following.task.state) == (2, TaskState.RUNNING)
    assert turn_over(yard, following).claims == []


def test_several_end_and_as_many_as_are_wanted_are_taken(yard: Yard) -> None:
    """Each ends as it would by itself, and nobody gets more than asked for."""
    for _ in range(6):
        yard.add()
    held = queue.claim_several(yard.database, a_worker(), 3, yard.now)
    assert [claim.task.id for claim in held] == [1, 2, 3]
    ended, _, claims = turn_over(yard, *reversed(held), count=2)
    assert [task.id for task in ended] == [1, 2, 3]
    assert [claim.task.id for claim in claims] == [4, 5]
    assert yard.states() == [DONE] * 3 + [TaskState.RUNNING] * 2 + [QUEUED]
    assert turn_over(yard, *claims, count=0).claims == []
    assert len(queue.claim_several(yard.database, a_worker(), 9, yard.now)) == 1


def test_who_lost_the_right_to_an_attempt_ends_the_others_all_the_same(yard: Yard) -> None:
    """Nothing of the lost one is written; a worker that drains takes nothing."""
    for _ in range(3):
        yard.add()
    lost, kept = yard.claimed(), yard.claimed()
    yard.finish(lost, Outcome.WORKER_LOST)
    told = yard.told(1)
    with yard.database.write() as transaction:
        workers.drain(transaction, "w1", NOON)
    turnover = turn_over(yard, lost, kept, count=2)
    assert ([task.id for task in turnover.ended], turnover.claims) == ([2], [])
    assert turnover.lost == [lost.attempt]
    assert (yard.task(1).state, yard.told(1)) == (QUEUED, told)
