"""Workspaces that nobody knows, that stay, or that were half made are named; no work is deleted."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.clock import SystemClock
from deputize.desk.adding import add
from deputize.desk.doctor import Finding, Level, examine
from deputize.model.outcome import Outcome
from deputize.model.task import Place, TaskSpec
from deputize.store import workers
from deputize.workspace.processes.identity import identify
from tests.fixtures.nouns import a_worker

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.desk.context import Desk
    from deputize.queue import Claim
    from tests.fixtures.databases import Intruder

LONG_AGO = SystemClock().now() - timedelta(hours=1)


def found(home: Home, *, fix: bool = False) -> list[Finding]:
    """Return what the check-up finds about workspaces."""
    return [one for one in examine(home, fix=fix) if one.about == "workspaces"]


@pytest.fixture
def claimed(desk: Desk) -> Claim:
    """Return a task that this process, a worker, took an hour ago."""
    worker = a_worker(identity=str(identify(os.getpid())))
    with desk.database.write() as transaction:
        workers.register(transaction, worker, LONG_AGO)
    add(desk, TaskSpec(prompt="x", place=Place.SCRATCH))
    claim = queue.claim(desk.database, worker, LONG_AGO)
    assert claim
    return claim


def test_a_folder_of_no_attempt_is_named_and_left(home: Home, claimed: Claim) -> None:
    """Nobody knows what is in it: the person looks, and a fix takes nothing away."""
    known = home.workspaces / "scratch" / f"{claimed.task.id}-1"
    known.mkdir(parents=True)
    (fine,) = found(home)
    assert (fine.level, fine.text) == (Level.OK, "1, each of an attempt that is known")
    stranger = known.with_name(f"{claimed.task.id}-2")
    stranger.mkdir()
    (named,) = found(home, fix=True)
    assert (named.level, named.mend) == (Level.WARN, None)
    assert named.text == f"{stranger} belongs to no attempt of this store"
    assert stranger.exists()


def test_a_workspace_that_should_be_gone_is_named(
    home: Home, desk: Desk, claimed: Claim, intruder: Intruder
) -> None:
    """Not at once, and only where it is in this home; a worker is what takes it away."""
    queue.finish(desk.database, claimed.attempt, queue.Ending(outcome=Outcome.CANCELLED), LONG_AGO)
    folder = home.workspaces / "project-1" / f"{claimed.task.id}-1"
    folder.mkdir(parents=True)
    intruder.run("UPDATE attempts SET workspace = :path", path="/elsewhere/1-1")
    assert [one.level for one in found(home)] == [Level.OK]
    intruder.run("UPDATE attempts SET workspace = :path", path=str(folder))
    (named,) = found(home)
    assert named.level is Level.WARN
    assert named.text == f"that of #{claimed.task.id}, attempt 1, stays: {folder}"
    (fixed,) = found(home, fix=True)
    assert fixed.text.endswith("a worker that runs sees to it")
    assert folder.exists()


def test_what_killed_processes_left_is_deleted(home: Home, desk: Desk) -> None:
    """Half-done deletions and openings of the dead; those of the living stay."""
    del desk
    trash = home.workspaces / "project-1" / ".trash"
    dead, living = trash / "grave-99999999-x", trash / f"grave-{os.getpid()}-x"
    for folder in (dead, living):
        folder.mkdir(parents=True)
    (named,) = found(home)
    assert (named.level, named.text[:2]) == (Level.WARN, "1 ")
    assert [one.level for one in found(home, fix=True)] == [Level.FIXED]
    assert (dead.exists(), living.exists()) == (False, True)
    assert [one.level for one in found(home)] == [Level.OK]
