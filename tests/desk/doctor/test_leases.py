"""Leases and workers: what the dead hold is named, and somebody sees to it."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize import queue
from deputize.clock import SystemClock
from deputize.desk import stations
from deputize.desk.adding import add
from deputize.desk.doctor import Finding, Level, examine
from deputize.desk.doctor.leases import GRACE
from deputize.desk.history import entries
from deputize.desk.starting import wait_until_gone
from deputize.desk.stations import down, listing
from deputize.model.states import FINAL_TASK_STATES, TaskState
from deputize.model.task import Place, TaskSpec
from deputize.store import tasks, workers
from deputize.workspace.processes.identity import identify
from tests.fixtures.nouns import a_worker
from tests.waiting import wait_until

if TYPE_CHECKING:
    import pytest

    from deputize.config.home import Home
    from deputize.desk.context import Desk
    from deputize.model.worker import Worker

LONG_AGO = SystemClock().now() - timedelta(hours=1)
LIVING = str(identify(os.getpid()))
DEAD = LIVING.replace(":", ":1", 1)


def found(home: Home, about: str, *, fix: bool = False) -> list[Finding]:
    """Return what the check-up finds about one thing."""
    return [one for one in examine(home, fix=fix) if one.about == about]


def sign_on(desk: Desk, identity: str) -> Worker:
    """Let a worker sign on that was last seen an hour ago."""
    worker = a_worker(identity=identity, started_at=LONG_AGO, seen_at=LONG_AGO)
    with desk.database.write() as transaction:
        workers.register(transaction, worker, LONG_AGO)
    return worker


def claim(desk: Desk, worker: Worker) -> int:
    """Let a worker take a task an hour ago; return its id."""
    task = add(desk, TaskSpec(prompt="x", place=Place.SCRATCH)).task
    assert queue.claim(desk.database, worker, LONG_AGO)
    return task.id


def state_of(desk: Desk, task: int) -> TaskState:
    """Return where a task stands."""
    with desk.database.read() as transaction:
        return tasks.get(transaction, task).state


def test_a_dead_worker_that_holds_nothing_is_put_on_record(home: Home, desk: Desk) -> None:
    """The fix notes its end, with the event that upkeep would have written."""
    sign_on(desk, DEAD)
    assert [one.level for one in found(home, "workers")] == [Level.OK, Level.WARN]
    fixed = found(home, "workers", fix=True)[1]
    assert (fixed.level, fixed.text) == (
        Level.FIXED,
        "w1 ended without saying so: noted, it held nothing",
    )
    assert listing(desk) == []
    assert [entry.kind for entry in entries(desk)] == ["worker.started", "worker.lost"]


def test_a_worker_is_started_for_what_a_dead_one_held(home: Home, desk: Desk) -> None:
    """It takes the task over, and no lease is stale any more."""
    task = claim(desk, sign_on(desk, DEAD))
    (stale,) = found(home, "leases")
    assert stale.text.startswith(f"that of #{task}, attempt 1, ran out ")
    assert (stale.level, "deputize up" in str(stale.hint)) == (Level.WARN, True)
    try:
        assert {one.level for one in found(home, "leases", fix=True)} == {Level.FIXED}
        wait_until(lambda: state_of(desk, task) in FINAL_TASK_STATES)
    finally:
        wait_until_gone(desk, down(desk))
    assert [one.level for one in found(home, "leases")] == [Level.OK]


def test_where_no_worker_may_be_started_it_stays_a_warning(
    home: Home, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings hold, and the hint is what to type."""
    claim(desk, sign_on(desk, DEAD))
    monkeypatch.setenv("DEPUTIZE_WORKER__AUTOSTART", "false")
    (stale,) = found(home, "leases", fix=True)
    assert (stale.level, stale.hint) == (Level.WARN, "deputize up")
    assert "`worker.autostart` is off" in stale.text
    assert [worker.id for worker, _ in listing(desk)] == ["w1"]


def test_a_lease_that_a_live_worker_lets_lapse_is_told_with_its_log(home: Home, desk: Desk) -> None:
    """Nobody else is started for it: that would not help."""
    claim(desk, sign_on(desk, LIVING))
    (stale,) = found(home, "leases", fix=True)
    assert (stale.level, stale.mend, "worker.log" in str(stale.hint)) == (Level.WARN, None, True)


def test_a_lease_that_was_not_given_back_is_taken_away(home: Home, desk: Desk) -> None:
    """One that ran out a moment ago, or that somebody holds, is none of that."""
    sign_on(desk, DEAD)
    ends = {"landing:a:main": LONG_AGO, "journal": SystemClock().now() - GRACE / 2}
    with desk.database.write() as transaction:
        for name, until in ends.items():
            assert workers.take_lease(
                transaction, name, holder="w1", token=name, until=until, now=LONG_AGO
            )
    (left,) = found(home, "leases")
    assert (left.level, left.text) == (Level.WARN, "landing:a:main was not given back by w1")
    assert [one.level for one in found(home, "leases", fix=True)] == [Level.FIXED]
    assert [one.level for one in found(home, "leases")] == [Level.OK]
    with desk.database.read() as transaction:
        assert [one.name for one in workers.lapsed(transaction, SystemClock().now())] == ["journal"]


def test_where_one_is_starting_no_second_is_started(
    home: Home, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead worker and its lease are two findings: one worker sees to both."""
    started: list[Desk] = []

    def start(at: Desk) -> int:
        started.append(at)
        at.home.run.mkdir(mode=0o700, exist_ok=True)
        at.home.starting.touch(mode=0o600)
        return 0

    monkeypatch.setattr(stations, "start_worker", start)
    claim(desk, sign_on(desk, DEAD))
    fixed = [one for one in examine(home, fix=True) if one.level is Level.FIXED]
    assert [one.about for one in fixed] == ["workers", "leases"]
    assert len(started) == 1
