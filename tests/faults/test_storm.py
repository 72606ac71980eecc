"""A thousand short tasks while workers die, stand still, and lose their server."""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import attempts, chain, journal, tasks, workers
from tests.fixtures import postgres
from tests.fixtures.storm import Storm, gather

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.attempt import Attempt
    from deputize.model.event import Entry
    from deputize.store.database import Database

pytestmark = pytest.mark.timeout(240)

TASKS = 1000
WORKERS = 8
ENDS = {Outcome.SUCCEEDED: "attempt.finished", Outcome.WORKER_LOST: "attempt.rescued"}
LIVES = {"worker.started", "worker.drain_requested", "worker.stopped", "worker.lost"}


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """Give a server that the test may stop."""
    made = postgres.Server()
    yield made
    made.remove()


def test_workers_are_killed(kind: str, tmp_path: Path) -> None:
    """`kill -9` again and again, also of who seals: each task ends once, no event is lost."""
    with gather(kind, tmp_path) as storm:
        storm.begin(TASKS, WORKERS)
        while storm.calm():
            storm.kill()
        storm.end()
        assert check(storm.database) > WORKERS
        assert storm.sealer_count


def test_workers_stand_still_beyond_their_leases(kind: str, tmp_path: Path) -> None:
    """Who is stopped, or believed to be, loses what it has; woken, it ends nothing twice."""
    with gather(kind, tmp_path) as storm:
        storm.begin(TASKS // 2, WORKERS)
        while storm.calm():
            storm.dice.choice((storm.rob, storm.stop_for_long))()
        storm.end()
        assert check(storm.database) >= storm.robbed_count > 0


def test_a_server_is_restarted_and_connections_are_cut(
    server: postgres.Server, tmp_path: Path
) -> None:
    """At any moment, at commits too; and workers are killed besides."""
    with gather("postgres", tmp_path, server.url()) as storm:
        storm.answers_get_lost = True
        storm.begin(TASKS // 2, WORKERS)
        while storm.calm():
            strike(storm, server)
        storm.end()
        check(storm.database)


def strike(storm: Storm, server: postgres.Server) -> None:
    """Kill a worker or a process of the server, cut all connections, or restart the server."""
    how = storm.dice.choice(("kill", "cut", "cut", "crash", "restart"))
    if how == "kill":
        storm.kill()
    elif how == "cut":
        server.cut_connections("postgres")
    elif how == "crash":
        server.crash()
    else:
        server.stop(storm.dice.choice((signal.SIGINT, signal.SIGQUIT)))
        server.start()


def check(database: Database) -> int:
    """See that all is as if nothing had happened; return how many attempts were rescued."""
    with database.read() as transaction:
        ended = tasks.listing(transaction, limit=TASKS)
        tried = {task.id: attempts.of_task(transaction, task.id) for task in ended}
        assert attempts.unfinished(transaction) == []
        assert workers.live(transaction) == []
        told = journal.recent(transaction, limit=100_000)
    assert {task.state for task in ended} == {TaskState.DONE}
    check_story(tried, told)
    check_workers(told)
    proof = chain.verify(database)
    assert (proof.problem, proof.unsealed_count, proof.count) == (None, 0, len(told))
    return sum(entry.kind == "attempt.rescued" for entry in told)


def check_story(tried: dict[int, list[Attempt]], told: list[Entry]) -> None:
    """Expect of each task what its attempts say, in that order, told once: no more and no less."""
    found = defaultdict(list)
    for entry in told:
        if entry.task is not None:
            found[entry.task].append((entry.kind, entry.attempt))
    for task, made in tried.items():
        story: list[tuple[str, int | None]] = [("task.queued", None)]
        for attempt in made:
            assert attempt.outcome is not None
            story += [("attempt.started", attempt.id), (ENDS[attempt.outcome], attempt.id)]
            story += [("task.queued", None)] if attempt.outcome is Outcome.WORKER_LOST else []
        assert found.pop(task) == [*story, ("task.done", None)]
        succeeded = [attempt.outcome for attempt in made].count(Outcome.SUCCEEDED)
        assert (succeeded, [attempt.number for attempt in made]) == (1, [*range(1, len(made) + 1)])
    assert not found


def check_workers(told: list[Entry]) -> None:
    """Expect that each worker that began also ended, in one way."""
    lives = defaultdict(list)
    for entry in told:
        if entry.kind in LIVES:
            lives[entry.worker].append(entry.kind)
    assert len(lives) >= WORKERS
    for life in lives.values():
        count = Counter(life)
        assert count["worker.started"] == count["worker.stopped"] + count["worker.lost"] == 1
