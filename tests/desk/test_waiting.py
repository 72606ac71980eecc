"""What a task waits for, from who is there to work and who works."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.clock import ManualClock, SystemClock
from deputize.desk.adding import add
from deputize.desk.context import open_desk
from deputize.desk.tasks import view
from deputize.model.task import Place, TaskSpec
from deputize.store import workers
from deputize.workspace.processes.identity import identify
from tests.fixtures import postgres
from tests.fixtures.databases import DATABASES
from tests.fixtures.nouns import a_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home
    from deputize.desk.context import Desk
    from deputize.model.worker import Worker


@pytest.fixture(params=DATABASES)
def desk(
    request: pytest.FixtureRequest, home: Home, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Return an open desk, on each database."""
    if request.param == "postgres":
        monkeypatch.setenv("DEPUTIZE_DATABASE", postgres.url_of(home.path))
    with open_desk(home, "person:ada") as opened:
        yield opened


def sign_on(desk: Desk, name: str, *roles: str, slots: int = 1) -> Worker:
    """Let this process sign on as a worker."""
    identity, now = str(identify(os.getpid())), SystemClock().now()
    worker = a_worker(id=name, identity=identity, roles=roles, slots=slots, seen_at=now)
    with desk.database.write() as transaction:
        workers.register(transaction, worker, now)
    return worker


def add_one(desk: Desk, lock: str | None = None) -> int:
    """Add a task; return its id."""
    return add(desk, TaskSpec(prompt="x", place=Place.SCRATCH, lock=lock)).task.id


def test_a_free_slot_is_one_for_the_role(desk: Desk) -> None:
    """A tester's doesn't count for a writer, nor does one that a draining worker fills."""
    writer = sign_on(desk, "w1", "writer")
    sign_on(desk, "w2", "tester", slots=5)
    first, second = add_one(desk), add_one(desk)
    assert view(desk, second).waiting_for == "a worker to take it"
    claim = queue.claim(desk.database, writer, SystemClock().now())
    assert claim
    assert claim.task.id == first
    assert view(desk, second).waiting_for == "a free slot"
    with desk.database.write() as transaction:
        workers.drain(transaction, writer.id, SystemClock().now())
    assert view(desk, second).waiting_for == "writer worker: none running (`deputize up`)"
    sign_on(desk, "w3", "writer")
    assert view(desk, second).waiting_for == "a worker to take it"


def test_what_waiting_has_made_of_a_priority_is_said(desk: Desk) -> None:
    """Two and a half times the span that raises a priority: two steps."""
    sign_on(desk, "w1", slots=0)
    task = add_one(desk)
    assert view(desk, task).waiting_for == "a free slot"
    late = desk._replace(clock=ManualClock(SystemClock().now() + timedelta(minutes=75)))
    said = view(late, task).waiting_for
    assert said == "a free slot; waiting has made it priority 3"


def test_who_has_the_lock_is_named(desk: Desk) -> None:
    """By its number."""
    worker = sign_on(desk, "w1", slots=3)
    first, second = add_one(desk, lock="db"), add_one(desk, lock="db")
    assert queue.claim(desk.database, worker, SystemClock().now())
    assert view(desk, second).waiting_for == f"its turn: lock db is taken by #{first}"
