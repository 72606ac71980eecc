"""Which workers are taken to run: of here by their process, elsewhere by their heart."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.clock import SystemClock
from deputize.desk.adding import add
from deputize.desk.stations import ensure_worker, listing
from deputize.desk.tasks import view
from deputize.model.attempt import LEASE_SECONDS
from deputize.model.task import TaskSpec
from deputize.store import workers
from deputize.workspace.processes.identity import boot_id, identify, this_host
from tests.fixtures.nouns import a_worker

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.worker import Worker
    from tests.fixtures.repositories import Folder

STRANGER = f"4711:1.0:another-boot:{'f' * 16}"
CONTAINED = f"4711:1.0:{boot_id().partition('/')[0]}/4026539999:{this_host()}"


def sign_on(desk: Desk, identity: str, seconds_ago: float) -> Worker:
    """Let a worker sign on that was last seen a while ago."""
    now = SystemClock().now()
    seen = now - timedelta(seconds=seconds_ago)
    worker = a_worker(identity=identity, started_at=seen, seen_at=seen)
    with desk.database.write() as transaction:
        workers.register(transaction, worker, now)
    return worker


@pytest.mark.parametrize("identity", [STRANGER, CONTAINED], ids=["host", "container"])
def test_a_worker_elsewhere_runs_while_its_heart_beats(
    desk: Desk, project: Folder, identity: str
) -> None:
    """It is listed as running, tasks don't wait for one, and `add` starts no other."""
    sign_on(desk, identity, LEASE_SECONDS / 2)
    task = add(desk, TaskSpec(prompt="x", repo=str(project.path))).task
    assert [alive for _, alive in listing(desk)] == [True]
    assert view(desk, task.id).waiting_for == "a worker to take it"
    assert not ensure_worker(desk, task)


@pytest.mark.parametrize("identity", [STRANGER, CONTAINED], ids=["host", "container"])
def test_a_worker_elsewhere_that_is_silent_is_absent(
    desk: Desk, project: Folder, identity: str
) -> None:
    """Once its leases have run out, nobody reckons with it."""
    sign_on(desk, identity, LEASE_SECONDS + 1)
    task = add(desk, TaskSpec(prompt="x", repo=str(project.path))).task
    assert [alive for _, alive in listing(desk)] == [False]
    assert "none running" in (view(desk, task.id).waiting_for or "")


def test_a_worker_of_here_is_known_by_its_process(desk: Desk) -> None:
    """A fresh heartbeat is no life where the process is gone, and silence no death."""
    here = identify(os.getpid())
    assert here is not None
    sign_on(desk, str(replace(here, started="1")), 0)
    assert [alive for _, alive in listing(desk)] == [False]
    with desk.database.write() as transaction:
        workers.stop(transaction, "w1", SystemClock().now())
        silent = a_worker(id="w2", identity=str(here))
        workers.register(transaction, silent, silent.started_at)
    assert [alive for _, alive in listing(desk)] == [True]
