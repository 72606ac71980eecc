"""Sessions: whose they are, when something last happened in them, and who is going to use them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.model.outcome import Outcome
from deputize.model.session import Terms
from deputize.model.states import TaskState
from deputize.store import attempts, sessions, tasks
from tests.fixtures.nouns import NOON, QUEUED, a_task, an_attempt

if TYPE_CHECKING:
    from deputize.model.attempt import Attempt
    from deputize.model.session import Session
    from deputize.store.database import Database

SOON, LATER = NOON + timedelta(seconds=30), NOON + timedelta(seconds=60)
LOCAL = Terms("local", "openai", "http://127.0.0.1:1/v1", allow_all=True)


@pytest.fixture
def attempt(database: Database) -> Attempt:
    """Open an attempt of task 1."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(repo="/project"), QUEUED, NOON)
        return attempts.insert(transaction, [an_attempt()])[0]


def end(database: Database, attempt: Attempt) -> None:
    """Let an attempt end later, and its task with it."""
    with database.write() as transaction:
        ended = attempt._replace(finished_at=LATER, outcome=Outcome.SUCCEEDED)
        attempts.save(transaction, ended)
        task = tasks.get(transaction, attempt.task)
        done = task._replace(state=TaskState.CANCELLED, finished_at=LATER, reason=Outcome.CANCELLED)
        tasks.move(transaction, task, done, QUEUED, LATER)


def stale(database: Database, before_seconds: int, host: str = "host") -> list[str]:
    """Return which sessions nothing has happened in since some seconds after noon."""
    with database.read() as transaction:
        before = NOON + timedelta(seconds=before_seconds)
        return [each.token for each in sessions.stale(transaction, before, host)]


def called(database: Database, token: str) -> Session:
    """Return the one session that is called so."""
    with database.read() as transaction:
        (session,) = sessions.of_token(transaction, token)
    return session


def test_the_session_used_last_is_the_one_to_resume(database: Database, attempt: Attempt) -> None:
    """Per task and agent; a session that another task takes up is that task's from then on."""
    with database.write() as transaction:
        sessions.use(transaction, attempt, "s1", NOON)
        sessions.use(transaction, attempt, "s2", SOON)
        sessions.use(transaction, attempt, "s1", LATER)
        found = sessions.of_task(transaction, 1, "copilot")
        assert found is not None
        assert (found.token, found.started_at, found.used_at) == ("s1", NOON, LATER)
        assert sessions.of_task(transaction, 1, "goose") is None
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        (other,) = attempts.insert(transaction, [an_attempt(task=2, token="t2")])
        sessions.use(transaction, other, "s1", LATER)
        taken = sessions.of_task(transaction, 2, "copilot")
        left = sessions.of_task(transaction, 1, "copilot")
    assert taken is not None
    assert left is not None
    assert (taken.token, taken.task, taken.attempt) == ("s1", 2, other.id)
    assert left.token == "s2"


def test_a_session_tells_under_what_it_was_used(database: Database, attempt: Attempt) -> None:
    """Task, attempt, place, provider and whether it was held to anything, as of the last use."""
    with database.write() as transaction:
        sessions.use(transaction, attempt, "s1", NOON)
        sessions.use(transaction, attempt, "s1", SOON, terms=LOCAL)
    session = called(database, "s1")
    assert (session.task, session.attempt, session.number) == (1, attempt.id, 1)
    assert (session.repo, session.terms) == ("/project", LOCAL)
    assert (session.started_at, session.used_at, session.used_by) == (NOON, SOON, 1)


def test_the_end_of_an_attempt_is_the_last_that_happened_in_its_session(
    database: Database, attempt: Attempt
) -> None:
    """While its task is open it is used, and never stale; afterwards it ages from that end."""
    with database.write() as transaction:
        sessions.use(transaction, attempt, "s1", NOON)
    assert stale(database, 3600) == []
    end(database, attempt)
    session = called(database, "s1")
    assert (session.used_at, session.used_by) == (LATER, None)
    assert (stale(database, 59), stale(database, 60)) == ([], ["s1"])


def test_a_session_that_a_task_waits_to_go_on_in_is_not_stale(
    database: Database, attempt: Attempt
) -> None:
    """Not while the task of the same agent is open; another agent's session of that name is."""
    with database.write() as transaction:
        sessions.use(transaction, attempt, "s1", NOON)
        sessions.use(transaction, attempt._replace(agent="goose"), "s1", NOON)
    end(database, attempt)
    with database.write() as transaction:
        tasks.insert(transaction, a_task(agent="copilot", session="s1"), QUEUED, NOON)
    with database.read() as transaction:
        used = {each.agent: each.used_by for each in sessions.of_token(transaction, "s1")}
    assert used == {"copilot": 2, "goose": None}
    assert stale(database, 3600) == ["s1"]


def test_a_session_that_is_only_named_has_no_task(database: Database) -> None:
    """It is listed, narrowed by agent and age, and goes stale as any other."""
    with database.write() as transaction:
        sessions.begin(transaction, "copilot", "s1", "/project", "host", NOON)
    session = called(database, "s1")
    assert (session.task, session.attempt, session.number) == (None, None, None)
    assert (session.repo, session.terms.allow_all) == ("/project", None)
    with database.read() as transaction:
        assert sessions.listing(transaction, agent="copilot", since=NOON) == [session]
        assert sessions.listing(transaction, agent="goose") == []
        assert sessions.listing(transaction, role="writer") == []
    assert stale(database, 0) == ["s1"]


def test_a_shared_store_knows_which_machine_keeps_a_session(
    database: Database, attempt: Attempt
) -> None:
    """Only there it is found stale; a store of one machine needs no name."""
    with database.write() as transaction:
        sessions.use(transaction, attempt, "s1", NOON, host="host")
        is_shared = transaction.is_shared
    end(database, attempt)
    assert called(database, "s1").host == ("host" if is_shared else None)
    assert stale(database, 3600, "another") == ([] if is_shared else ["s1"])
    assert stale(database, 3600, "host") == ["s1"]
