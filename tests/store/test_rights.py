"""Rights that run out and questions that wait: leases, sessions, approvals, trust, the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.errors import IllegalMove, LeaseLost, NotFound
from deputize.model.approval import ApprovalState
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.store import (
    approvals,
    attempts,
    changes,
    journal,
    outbox,
    tasks,
    trust,
    workers,
)
from deputize.store.database import Contention
from tests.fixtures.nouns import NOON, QUEUED, a_task, a_worker, an_approval, an_attempt

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.attempt import Attempt
    from deputize.store.database import Database, Transaction

SOON, LATER = NOON + timedelta(seconds=30), NOON + timedelta(seconds=60)
STEP = Event(kind="attempt.milestone", actor="worker:w1", body={"step": "setup"})


def take(transaction: Transaction, holder: str, now: datetime = NOON) -> bool:
    """Let a worker try to take the lease on landing, for half a minute; its name is its token."""
    until = now + timedelta(seconds=30)
    return workers.take_lease(
        transaction, "landing", holder=holder, token=holder, until=until, now=now
    )


@pytest.fixture
def two_workers(database: Database) -> Database:
    """Give a database that knows the workers `w1` and `w2`."""
    with database.write() as transaction:
        workers.register(transaction, a_worker(id="w2"), NOON)
    return database


@pytest.fixture
def attempt(database: Database) -> Attempt:
    """Open an attempt of task 1."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        return attempts.insert(transaction, [an_attempt()])[0]


def test_a_lease_has_one_holder_until_it_runs_out_or_is_given_back(two_workers: Database) -> None:
    """The holder renews it; another gets it only when the time is over, or it was given back."""
    with two_workers.write() as transaction:
        assert take(transaction, "w1")
        assert take(transaction, "w1")
        assert not take(transaction, "w2")
        assert not workers.is_free(transaction, "landing", "w2", NOON)
        assert workers.is_free(transaction, "landing", "w1", NOON)
        assert workers.holds_lease(transaction, "landing", "w1", NOON)
        assert not workers.holds_lease(transaction, "landing", "w1", SOON)
        assert take(transaction, "w2", now=SOON)
        assert not take(transaction, "w1", now=SOON)
        workers.give_back_lease(transaction, "landing", "w1")
        assert not take(transaction, "w1", now=SOON)
        workers.give_back_lease(transaction, "landing", "w2")
        assert take(transaction, "w1", now=SOON)


def test_the_lease_of_a_worker_that_stopped_is_free_at_once(two_workers: Database) -> None:
    """Nobody waits half a minute for the dead."""
    with two_workers.write() as transaction:
        assert take(transaction, "w1")
        workers.stop(transaction, "w1", NOON, lost=True)
        assert workers.is_free(transaction, "landing", "w2", NOON)
        assert take(transaction, "w2")
        assert not workers.holds_lease(transaction, "landing", "w1", NOON)


def test_a_worker_is_told_of_once(database: Database) -> None:
    """Draining twice or stopping twice tells nothing new, and the dead are not seen again."""
    with database.write() as transaction:
        assert workers.seen(transaction, "w1", SOON, Contention())
        assert workers.drain(transaction, "w1", SOON)
        assert not workers.drain(transaction, "w1", SOON)
        assert [worker.seen_at for worker in workers.live(transaction)] == [SOON]
        workers.stop(transaction, "w1", SOON)
        workers.stop(transaction, "w1", LATER, lost=True)
        assert not workers.seen(transaction, "w1", LATER, Contention())
        assert workers.live(transaction) == []
        kinds = [entry.kind for entry in journal.recent(transaction)]
    assert kinds == ["worker.started", "worker.drain_requested", "worker.stopped"]


@pytest.mark.parametrize("other", [{"token": "stolen"}, {"id": 99}])
def test_no_write_of_an_attempt_passes_without_its_token(
    database: Database, attempt: Attempt, other: dict[str, str]
) -> None:
    """Saving, renewing and telling are refused to any other token, and change nothing."""
    forged = attempt._replace(**other, summary="forged")  # type: ignore[arg-type]
    with database.write() as transaction:
        assert not attempts.try_renew(transaction, forged, SOON)
        with pytest.raises(LeaseLost):
            attempts.save(transaction, forged)
        with pytest.raises((LeaseLost, NotFound)):
            attempts.note(transaction, forged, STEP, NOON)
        assert attempts.get(transaction, attempt.id) == attempt
        assert journal.of_task(transaction, attempt.task)[-1].kind == "task.queued"


def test_no_write_of_an_attempt_passes_after_its_end(database: Database, attempt: Attempt) -> None:
    """A closed attempt is never overwritten, not even by its own token."""
    closed = attempt._replace(finished_at=NOON, outcome=Outcome.CANCELLED)
    with database.write() as transaction:
        assert attempts.try_renew(transaction, attempt, SOON)
        attempts.note(transaction, attempt, STEP, NOON)
        attempts.save(transaction, closed)
        assert not attempts.try_renew(transaction, attempt, LATER)
        for late in (attempt, closed):
            with pytest.raises(LeaseLost):
                attempts.save(transaction, late)
            with pytest.raises(LeaseLost):
                attempts.note(transaction, late, STEP, NOON)
        assert attempts.unfinished(transaction) == []
        assert attempts.next_number(transaction, attempt.task) == 2


def test_a_finished_attempts_workspace_is_left_over_until_it_is_removed(
    database: Database, attempt: Attempt
) -> None:
    """Only what is finished and had a workspace is swept, and only once."""
    with database.write() as transaction:
        attempts.save(transaction, attempt._replace(workspace="/w"))
        assert attempts.leftovers(transaction) == []
        ended = attempt._replace(workspace="/w", finished_at=NOON, outcome=Outcome.CANCELLED)
        attempts.save(transaction, ended)
        assert [left.id for left in attempts.leftovers(transaction)] == [attempt.id]
        attempts.workspace_removed(transaction, attempt.id, NOON)
        assert attempts.leftovers(transaction) == []


def test_a_question_is_answered_once(database: Database) -> None:
    """The first answer holds, with who and when; it is told, and a second one is refused."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        asked = approvals.ask(transaction, an_approval(task=1), "landing", NOON)
        assert approvals.unanswered(transaction) == [asked]
        answered = approvals.answer(
            transaction, asked, ApprovalState.DENIED, by="person:ada", words="no", now=SOON
        )
        assert approvals.get(transaction, asked.id) == answered
        assert (answered.answered_by, answered.answered_at) == ("person:ada", SOON)
        assert approvals.unanswered_of_task(transaction, 1) == []
        assert approvals.of_task(transaction, 1) == [answered]
        with pytest.raises(IllegalMove, match="a1 is denied already"):
            approvals.answer(
                transaction, asked, ApprovalState.APPROVED, by="x", words=None, now=LATER
            )
        kinds = [entry.kind for entry in journal.of_task(transaction, 1)]
    assert kinds == ["task.queued", "approval.asked", "approval.denied"]


def test_trust_is_for_one_digest_of_one_repository(database: Database) -> None:
    """Another digest, or another repository, is not trusted with it; trusting again is no error."""
    with database.write() as transaction:
        for _ in range(2):
            trust.trust(transaction, "/a/.git", "d1", by="person:ada", now=NOON)
        assert trust.is_trusted(transaction, "/a/.git", "d1")
        assert not trust.is_trusted(transaction, "/a/.git", "d2")
        assert not trust.is_trusted(transaction, "/b/.git", "d1")


def test_what_is_owed_to_a_channel_is_due_until_it_is_taken(database: Database) -> None:
    """Owed once however often it is put; put off with the reason; struck off when delivered."""
    with database.write() as transaction:
        journal.append(transaction, QUEUED, NOON)
        event = journal.newest(transaction)
        for _ in range(2):
            outbox.put(transaction, event, "hook", NOON)
        (owed,) = outbox.due(transaction, NOON)
        assert (owed.event, owed.channel, owed.tries) == (event, "hook", 0)
        outbox.later(transaction, owed, SOON, "refused")
        assert outbox.due(transaction, NOON) == []
        (again,) = outbox.due(transaction, SOON)
        assert again.tries == 1
        outbox.take(transaction, again)
        assert outbox.due(transaction, LATER) == []


def test_what_is_not_there_is_named_with_what_to_type(database: Database) -> None:
    """Each noun says which id there is none of."""
    with database.write() as transaction:
        for get, shown in (
            (tasks.get, "#7"),
            (tasks.lock, "#7"),
            (changes.get, "c7"),
            (changes.lock, "c7"),
            (approvals.get, "a7"),
            (attempts.get, "attempt 7"),
        ):
            with pytest.raises(NotFound, match=shown):
                get(transaction, 7)


def test_a_listing_is_narrowed_to_a_plan(database: Database) -> None:
    """Newest first, and by state, role, moment and number besides."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(plan=1, role="tester"), QUEUED, NOON)
        tasks.insert(transaction, a_task(plan=2), QUEUED, NOON)
        tasks.insert(transaction, a_task(plan=1, created_at=LATER), QUEUED, NOON)
        done = {"state": "done", "finished_at": NOON}
        tasks.insert(transaction, a_task(plan=1, created_at=LATER, **done), QUEUED, NOON)

        def ids(**wanted: object) -> list[int]:
            found = tasks.listing(transaction, plan=1, **wanted)  # type: ignore[arg-type]
            return [task.id for task in found]

        assert ids() == [4, 3, 1]
        assert ids(state="queued") == [3, 1]
        assert ids(role="tester") == [1]
        assert ids(since=SOON) == [4, 3]
        assert ids(limit=1) == [4]


def test_what_has_ended_is_narrowed_to_why_and_when(database: Database) -> None:
    """Oldest first; agent and label are looked at too, a label as a whole."""
    with database.write() as transaction:
        failed = {"state": "failed", "reason": "idle_timeout"}
        tasks.insert(transaction, a_task(**failed, finished_at=LATER), QUEUED, NOON)
        tasks.insert(
            transaction, a_task(**failed, finished_at=NOON, labels=("a", "ü b")), QUEUED, NOON
        )
        late = failed | {"reason": "time_limit", "agent": "goose"}
        tasks.insert(transaction, a_task(**late, finished_at=LATER), QUEUED, NOON)
        tasks.insert(transaction, a_task(labels=("a",)), QUEUED, NOON)

        def ids(**wanted: object) -> list[int]:
            return [task.id for task in tasks.final(transaction, **wanted)]  # type: ignore[arg-type]

        assert ids() == [1, 2, 3]
        assert ids(limit=1) == [1]
        assert ids(reason="idle_timeout") == [1, 2]
        assert ids(ended_since=SOON) == [1, 3]
        assert ids(agent="goose") == [3]
        assert ids(label="ü b") == ids(label="a") == [2]
        assert ids(label="ü") == []
        assert [task.id for task in tasks.unfinished(transaction, label="a")] == [4]


def test_listings_are_narrowed_and_counted(database: Database) -> None:
    """By state, role, moment and number, newest first; what is final is in no count."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(role="tester"), QUEUED, NOON)
        tasks.insert(transaction, a_task(created_at=LATER), QUEUED, NOON)
        done = {"state": "done", "finished_at": NOON}
        tasks.insert(transaction, a_task(created_at=LATER, **done), QUEUED, NOON)

        def ids(**wanted: object) -> list[int]:
            return [task.id for task in tasks.listing(transaction, **wanted)]  # type: ignore[arg-type]

        assert ids() == [3, 2, 1]
        assert ids(state="queued") == [2, 1]
        assert ids(role="tester") == [1]
        assert ids(since=SOON) == [3, 2]
        assert ids(limit=1) == [3]
        assert [task.id for task in tasks.unfinished(transaction)] == [1, 2]
        assert [task.id for task in tasks.unfinished(transaction, role="tester")] == [1]
        assert tasks.counts(transaction) == {"queued": 2}
        newest = tasks.latest(transaction)
    assert newest is not None
    assert newest.id == 3
