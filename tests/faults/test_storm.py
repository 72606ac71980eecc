"""A thousand short tasks while workers die, stand still, and lose their server."""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from deputize.errors import StoreUnavailable
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import attempts, chain, journal, tasks, workers
from tests.fixtures import postgres
from tests.fixtures.disks import fill, small_disk
from tests.fixtures.storm import HELD_UP_SECONDS, Storm, gather

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.attempt import Attempt
    from deputize.model.event import Entry
    from deputize.store.database import Database

pytestmark = pytest.mark.timeout(240)

TASKS = 1000
WORKERS = 8
DISK_KIBIBYTES = 48 * 1024
FULL_COUNT = 4
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


def test_sixteen_write_to_one_file(tmp_path: Path) -> None:
    """Nobody hears that it is locked, neither they nor who adds; and no task runs twice."""
    with gather("sqlite", tmp_path) as storm:
        storm.begin(TASKS // 10, 2 * WORKERS)
        for _ in range(TASKS // 4):
            storm.add()
        storm.pass_events(10 * TASKS)
        storm.end()
        assert check(storm.database) == 0
        logs = "".join(log.read_text() for log in storm.late.home.logs.glob("*.log"))
        assert "locked" not in logs
        assert "can't" not in logs


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


def test_the_disk_of_the_store_is_full_again_and_again(kind: str, tmp_path: Path) -> None:
    """Nothing goes on while it is; then all does, by the same workers, and nothing was lost."""
    full_count = 0
    with (
        disk_of_the_store(kind, tmp_path) as (disk, folder, address),
        gather(kind, folder, address) as storm,
    ):
        storm.begin(TASKS // 4, WORKERS)
        while storm.calm() and full_count < FULL_COUNT:
            ballast = fill(disk)
            with pytest.raises(StoreUnavailable, match=r"full|No space"):
                add_for_ever(storm)
            with suppress(AssertionError):
                storm.pass_events(storm.dice.randint(1, 20), deadline_seconds=HELD_UP_SECONDS)
            ballast.unlink()
            full_count += 1
        storm.pass_events(10 * TASKS)
        storm.end()
        assert check(storm.database) == 0
    assert full_count


def add_for_ever(storm: Storm) -> None:
    """Queue large tasks, one by one."""
    while True:
        storm.add(prompt="x" * 40_000)


@contextmanager
def disk_of_the_store(kind: str, folder: Path) -> Iterator[tuple[Path, Path, str | None]]:
    """Give a small disk, on which is the home or a server's database; the home, and the address."""
    if kind == "sqlite":
        with small_disk(folder / "disk", DISK_KIBIBYTES) as disk:
            yield disk, disk, None
        return
    server = postgres.Server()
    try:
        with small_disk(server.folder / "small", DISK_KIBIBYTES) as disk:
            server.own(disk)
            server.run("postgres", f"CREATE TABLESPACE small LOCATION '{disk}'")
            server.run("postgres", "CREATE DATABASE small TABLESPACE small")
            yield disk, folder, server.url("small")
    finally:
        server.remove()


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
        ended = tasks.listing(transaction, limit=10 * TASKS)
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
