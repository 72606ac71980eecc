"""Each step of a change is written at once with what it means for its task."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from deputize import queue
from deputize.config.settings import CheckSettings, Config
from deputize.config.trust import Wishes
from deputize.errors import IllegalMove
from deputize.landing import records
from deputize.model.approval import Approval, Subject
from deputize.model.change import CheckResult
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.queue import Ending
from deputize.store import approvals, changes, journal, tasks, trust, workers
from tests.fixtures.databases import DATABASES, open_database
from tests.fixtures.nouns import COMMIT, NOON, OTHER_COMMIT, QUEUED, a_change, a_task, a_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.change import Change
    from deputize.model.task import Task
    from deputize.store.database import Database

FAILED = (CheckResult(name="t", command="make", exit_code=1, seconds=2, output="boom"),)
WISHES = Wishes(config=Config(checks={"tests": CheckSettings(command="make test")}))
REPO = {"repo": "/project", "git_dir": "/project/.git", "target": "main", "base": COMMIT}


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Open a database with a worker."""
    with closing(open_database(request.param, tmp_path)) as opened:
        with opened.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
        yield opened


def propose(database: Database, **changed: Any) -> Change:  # noqa: ANN401 - any field of the task
    """Add a task, let a worker succeed at it, and return the change that it proposed."""
    with database.write() as transaction:
        tasks.insert(transaction, a_task(**(REPO | changed)), QUEUED, NOON)
    return attempt_again(database)


def attempt_again(database: Database) -> Change:
    """Let a worker take the next task and propose a change for it."""
    claim = queue.claim(database, a_worker(), NOON)
    assert claim is not None
    change = a_change(task=claim.task.id, attempt=claim.attempt.id)
    ending = Ending(outcome=Outcome.SUCCEEDED, answer="done", session="s1", change=change)
    queue.finish(database, claim.attempt, ending, NOON)
    with database.read() as transaction:
        return changes.unsettled(transaction)[-1]


def send_back(database: Database, change: Change, *, granted: int = 1) -> bool:
    """Send a change back because its checks failed."""
    return records.send_back(
        database, change, reason=Outcome.CHECKS_FAILED, message="failed: t", feedback="mend it",
        base=OTHER_COMMIT, granted=granted, checks=FAILED, now=NOON,
    )  # fmt: skip


def now(database: Database, change: Change) -> tuple[Change, Task]:
    """Return a change and its task as they stand."""
    with database.read() as transaction:
        return changes.get(transaction, change.id), tasks.get(transaction, change.task)


def kinds(database: Database, task: int) -> list[str]:
    """Return what was told of a task."""
    with database.read() as transaction:
        return [entry.kind for entry in journal.of_task(transaction, task)]


def in_line(database: Database) -> Change:
    """Return a change that stands in line."""
    return records.step(database, propose(database), ChangeState.QUEUED, NOON)


def test_a_step_is_written_with_its_event_and_its_columns(database: Database) -> None:
    """Also where the state stays: what is noted of a change is told too."""
    change = in_line(database)
    noted = records.step(
        database, change, ChangeState.QUEUED, NOON, kind="change.checked", body={"check": "t"},
        tip=COMMIT, candidate=OTHER_COMMIT,
    )  # fmt: skip
    assert now(database, change)[0] == noted
    assert (noted.tip, noted.candidate) == (COMMIT, OTHER_COMMIT)
    assert kinds(database, 1)[-3:] == ["change.proposed", "change.queued", "change.checked"]


def test_landing_ends_the_task_and_starts_its_dependents_from_what_landed(
    database: Database,
) -> None:
    """One transaction: change, task, dependents; a dependent of another branch stays open."""
    change = in_line(database)
    with database.write() as transaction:
        for target in ("main", "release"):
            spec = REPO | {"target": target, "base": None, "state": TaskState.BLOCKED}
            waiting = tasks.insert(transaction, a_task(**spec), QUEUED, NOON)
            tasks.add_need(transaction, waiting.id, change.task)
    records.land(database, change, OTHER_COMMIT, NOON, note="as it was")
    landed, task = now(database, change)
    assert (landed.state, landed.landed_commit) == (ChangeState.LANDED, OTHER_COMMIT)
    assert (landed.reason, landed.settled_at) == ("as it was", NOON)
    assert (task.state, task.result) == (TaskState.DONE, "done")
    with database.read() as transaction:
        same, other = tasks.get(transaction, 2), tasks.get(transaction, 3)
    assert (same.state, same.base) == (TaskState.QUEUED, OTHER_COMMIT)
    assert (other.state, other.base) == (TaskState.QUEUED, None)
    assert kinds(database, 1)[-3:] == ["change.check_started", "change.landed", "task.done"]


def test_what_has_landed_can_not_land_again(database: Database) -> None:
    """A second record is refused whole."""
    change = in_line(database)
    records.land(database, change, OTHER_COMMIT, NOON)
    told = kinds(database, 1)
    with pytest.raises(IllegalMove):
        records.land(database, change, COMMIT, NOON)
    assert kinds(database, 1) == told


def test_a_person_is_asked_about_exactly_this_tree(database: Database) -> None:
    """The change waits, and the question names its tree, its reason and its risk."""
    change = propose(database)
    asked = records.ask(database, replace(change, risk="ignored"), "51 files changed", NOON)
    assert (asked.state, asked.reason) == (ChangeState.AWAITING_APPROVAL, "51 files changed")
    (question,) = questions(database)
    assert (question.about, question.digest) == (Subject.CHANGE, change.tree)
    assert (question.change, question.task) == (change.id, change.task)
    assert (question.reason, question.risk) == ("51 files changed", change.risk)


def questions(database: Database) -> list[Approval]:
    """Return the open questions."""
    with database.read() as transaction:
        return approvals.unanswered(transaction)


def test_trust_is_asked_for_once_and_not_where_it_was_given(database: Database) -> None:
    """However often landing comes by, one question is open; once trusted, none is asked."""
    change = in_line(database)
    for _ in range(3):
        assert not records.ask_trust(database, change, WISHES, NOON)
    (question,) = questions(database)
    assert (question.about, question.digest) == (Subject.TRUST, WISHES.digest)
    assert "make test" in question.reason
    with database.write() as transaction:
        trust.trust(transaction, change.git_dir, WISHES.digest, by="person:ada", now=NOON)
    assert records.ask_trust(database, change, WISHES, NOON)


def test_withdrawing_cancels_the_task_and_voids_its_questions(database: Database) -> None:
    """Nobody is asked about a change that is gone."""
    change = propose(database)
    records.ask(database, change, "large", NOON)
    queue.cancel(database, change.task, "person:ada", NOON)
    records.withdraw(database, change, NOON)
    gone, task = now(database, change)
    assert (gone.state, task.state) == (ChangeState.WITHDRAWN, TaskState.CANCELLED)
    assert task.reason is Outcome.CANCELLED
    assert questions(database) == []
    assert kinds(database, 1)[-3:] == ["change.withdrawn", "task.cancelled", "approval.withdrawn"]


def test_rework_goes_back_with_what_went_wrong_then_quarantine(database: Database) -> None:
    """Once: from the named base, resuming the session, all tries anew. Then it is set aside."""
    first = records.step(database, in_line(database), ChangeState.CHECKING, NOON)
    assert send_back(database, first)
    change, task = now(database, first)
    assert (change.state, change.checks) == (ChangeState.SUPERSEDED, FAILED)
    assert (task.state, task.base, task.feedback) == (TaskState.QUEUED, OTHER_COMMIT, "mend it")
    assert (task.session, task.rework_count, task.round_start) == ("s1", 1, 2)
    assert task.result is None
    second = records.step(database, attempt_again(database), ChangeState.QUEUED, NOON)
    assert not send_back(database, second)
    change, task = now(database, second)
    assert change.state is ChangeState.QUARANTINED
    assert (task.state, task.reason) == (TaskState.FAILED, Outcome.CHECKS_FAILED)
    assert (task.message, task.finished_at) == ("failed: t", NOON)
    assert kinds(database, 1).count("task.reworked") == 1


def test_a_cancel_that_came_meanwhile_beats_rework_and_failure(database: Database) -> None:
    """The person's word holds: cancelled, neither tried again nor failed."""
    change = in_line(database)
    queue.cancel(database, change.task, "person:ada", NOON)
    assert not send_back(database, change, granted=5)
    gone, task = now(database, change)
    assert (gone.state, task.state) == (ChangeState.WITHDRAWN, TaskState.CANCELLED)


def test_without_rework_the_task_fails_and_so_do_those_who_need_it(database: Database) -> None:
    """None is granted: the change is set aside at once, and those who need it are told why."""
    change = in_line(database)
    with database.write() as transaction:
        waiting = tasks.insert(transaction, a_task(state=TaskState.BLOCKED), QUEUED, NOON)
        tasks.add_need(transaction, waiting.id, change.task)
    assert not send_back(database, change, granted=0)
    gone, task = now(database, change)
    assert (gone.state, gone.reason) == (ChangeState.QUARANTINED, "failed: t")
    assert (task.state, task.reason) == (TaskState.FAILED, Outcome.CHECKS_FAILED)
    with database.read() as transaction:
        assert tasks.get(transaction, waiting.id).reason is Outcome.NEED_FAILED
