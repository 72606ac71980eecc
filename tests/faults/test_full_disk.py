"""A disk that is full at whatever is written, and has space again: nothing half, nothing lost."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize import queue
from deputize.attempt_log import AttemptLog
from deputize.audit.daily import project
from deputize.audit.mirror import mirror
from deputize.audit.rebuild import problems
from deputize.config.home import Home
from deputize.errors import StoreUnavailable
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.queue import Edits, Ending
from deputize.store import attempts, chain, journal, meta, tasks, workers
from deputize.store.backup import back_up
from deputize.store.sqlite import SqliteDatabase
from deputize.workshop import Bells, Workshop, held_lease
from tests.fixtures.disks import fill, small_disk
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.repositories import make_project
from tests.fixtures.stories import open_story
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deputize.model.attempt import Attempt
    from tests.fixtures.stories import Story

RUNNING, WAITING = range(1, 6), range(6, 11)
ENDED = Ending(outcome=Outcome.SUCCEEDED, answer="fine")
STEP = Event(kind="attempt.milestone", actor="worker:w1", body={"step": "setup"})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a small disk."""
    with small_disk(tmp_path / "disk", 2048) as mounted:
        yield mounted


@pytest.fixture
def yard(disk: Path) -> Iterator[Yard]:
    """Give a store on it with tasks that run and tasks that wait; one of each kind has failed."""
    with closing(SqliteDatabase(disk / "deputize.db")) as database:
        yard = Yard(database=database)
        for _ in (*RUNNING, *WAITING):
            yard.add()
        for _ in RUNNING:
            yard.claimed()
        yield yard


def held(yard: Yard) -> list[Attempt]:
    """Return the open attempts."""
    with yard.database.read() as transaction:
        return attempts.unfinished(transaction)


def register(yard: Yard) -> None:
    """Sign a worker on."""
    with yard.database.write() as transaction:
        workers.register(transaction, a_worker(id="w3"), yard.now)


def take_lease(yard: Yard) -> None:
    """Take the right to seal."""
    until = yard.now + timedelta(seconds=30)
    with yard.database.write() as transaction:
        workers.take_lease(
            transaction, "journal", holder="w1", token="t", until=until, now=yard.now
        )


def beat(yard: Yard) -> None:
    """Renew the leases, a while later."""
    queue.beat(yard.database, "w1", held(yard), yard.now + timedelta(seconds=10))


def note(yard: Yard) -> None:
    """Tell of a step of an attempt."""
    attempt = held(yard)[0]
    with yard.database.write() as transaction:
        attempts.note(transaction, attempt, STEP, yard.now)


def seal(yard: Yard) -> None:
    """Seal what can be sealed."""
    with yard.database.write() as transaction:
        chain.seal(transaction)


def turn_over(yard: Yard) -> None:
    """End two attempts and take two tasks, in one commit."""
    endings = [(attempt, ENDED) for attempt in held(yard)[:2]]
    queue.turn_over(yard.database, endings, a_worker(), 2, yard.now)


WRITES: dict[str, Callable[[Yard], object]] = {
    "enqueue": lambda yard: yard.add(),
    "claim": lambda yard: yard.claimed(),
    "note": note,
    "beat": beat,
    "finish": lambda yard: queue.finish(yard.database, held(yard)[0], ENDED, yard.now),
    "turn over": turn_over,
    "cancel": lambda yard: queue.cancel(yard.database, WAITING[0], ADA, yard.now),
    "hold": lambda yard: queue.hold(yard.database, WAITING[0], ADA, yard.now, held=True),
    "edit": lambda yard: queue.edit(yard.database, WAITING[0], Edits(title="t"), ADA, yard.now),
    "register": register,
    "take a lease": take_lease,
    "seal": seal,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_what_the_store_can_not_take_it_takes_later(
    yard: Yard, disk: Path, write: Callable[[Yard], object]
) -> None:
    """The write says so and leaves no trace; with space it is done, and all work ends."""
    yard.database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
    ballast = fill(disk)
    before = dump(yard)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="full") as caught:
            write(yard)
        assert "free some disk space" in str(caught.value.hint)
        assert dump(yard) == before
    ballast.unlink()
    write(yard)
    assert dump(yard) != before
    come_to_an_end(yard)


def dump(yard: Yard) -> list[str]:
    """Return all that is in a store."""
    return list(yard.database._connection.iterdump())  # type: ignore[attr-defined]


def come_to_an_end(yard: Yard) -> None:
    """Let all that can be done be done; see that the store is whole."""
    for attempt in held(yard):
        queue.finish(yard.database, attempt, ENDED, yard.now)
    while claim := yard.claim():
        yard.finish(claim)
    final = {TaskState.DONE, TaskState.CANCELLED}
    assert all(yard.task(number).state in final or yard.task(number).held for number in WAITING)
    assert {yard.task(number).state for number in RUNNING} == {TaskState.DONE}
    seal(yard)
    with yard.database.read() as transaction:
        assert meta.check(transaction) == "ok"
        told = journal.recent(transaction)
    proof = chain.verify(yard.database)
    assert (proof.problem, proof.count) == (None, len(told))


async def hold_once(shop: Workshop, disk: Path | None = None) -> bool:
    """Hold the right to seal for a moment, in which the disk may fill up; tell whether it was."""
    async with held_lease(shop, "journal") as token:
        if disk:
            fill(disk)
        return token is not None


async def hold_again(yard: Yard, disk: Path) -> None:
    """Hold it while the disk fills up; then again, once there is room."""
    shop, other = shop_over(yard, "w1"), shop_over(yard, "w2")
    assert await hold_once(shop, disk)
    yard.pass_time(1)
    with pytest.raises(StoreUnavailable):
        await hold_once(shop)
    (disk / "ballast").unlink()
    assert not await hold_once(other)
    assert await hold_once(shop)
    assert await hold_once(other)


def shop_over(yard: Yard, worker: str) -> Workshop:
    """Make the workshop of a worker."""
    return Workshop(
        home=Home(Path()),
        database=yard.database,
        clock=yard.clock,
        worker=a_worker(id=worker),
        bells=Bells(),
        turn=anyio.CapacityLimiter(1),
    )


def test_a_lease_that_could_not_be_given_back_is_held_again(yard: Yard, disk: Path) -> None:
    """Its worker need not wait until it has run out; and then it is given back."""
    anyio.run(hold_again, yard, disk)


def test_a_backup_that_finds_no_room_is_made_later(yard: Yard, tmp_path: Path) -> None:
    """Where it should go, nothing is left of it; nothing says that there is one."""
    with small_disk(tmp_path / "other", 64) as other:
        ballast = fill(other)
        with pytest.raises(StoreUnavailable):
            back_up(yard.database, other / "copy.db", NOON)
        assert [path.name for path in other.iterdir()] == ["ballast"]
        with yard.database.read() as transaction:
            assert meta.last_backup(transaction) is None
        ballast.unlink()
    with small_disk(tmp_path / "larger", 2048) as larger:
        back_up(yard.database, larger / "copy.db", NOON)
        with closing(SqliteDatabase(larger / "copy.db")) as copy, copy.read() as transaction:
            assert len(tasks.unfinished(transaction)) == len(yard.states())
    with yard.database.read() as transaction:
        assert meta.last_backup(transaction) == NOON


def test_a_store_on_a_full_disk_can_be_backed_up_elsewhere(
    yard: Yard, disk: Path, tmp_path: Path
) -> None:
    """That is what one does then; that it can't be noted does not spoil the copy."""
    fill(disk)
    made = back_up(yard.database, tmp_path / "copy.db", NOON)
    assert made.path.exists()
    with yard.database.read() as transaction:
        assert meta.last_backup(transaction) is None


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Open a store on a disk with room, in which a task has ended."""
    for story in open_story("sqlite", tmp_path / "home"):
        story.run("x" * 10_000)
        story.seal()
        yield story


def test_audit_files_are_written_once_there_is_room(story: Story, disk: Path) -> None:
    """What they lack is told as missing room, nothing of it is lost, and no line is torn."""
    home = Home(disk)
    assert project(story.database, home) > 0
    ballast = fill(disk)
    for _ in range(20):
        story.run("y" * 1000)
    story.seal()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="No space") as caught:
            project(story.database, home)
        assert "free some disk space" in str(caught.value.hint)
    ballast.unlink()
    assert project(story.database, home) == 80
    assert problems(story.database, home) == []


@pytest.mark.parametrize("name", ["trail.md", "trail.jsonl"])
def test_a_mirror_is_written_once_there_is_room(story: Story, disk: Path, name: str) -> None:
    """It then says all, and each thing once."""
    project = make_project(disk / "project")
    place = {"repo": str(project.path), "git_dir": str(project.git_dir), "target": "main"}
    for number in range(20):
        story.run(f"{number} {'z' * 1000}", role="inspector", **place)
    story.seal()
    ballast = fill(disk)
    with pytest.raises(StoreUnavailable, match="No space"):
        mirror(story.database, project.path, project.git_dir, name)
    ballast.unlink()
    mirror(story.database, project.path, project.git_dir, name)
    whole = (project.path / name).read_bytes()
    (project.path / name).unlink()
    mirror(story.database, project.path, project.git_dir, name)
    assert (project.path / name).read_bytes() == whole


def test_the_log_of_an_attempt_goes_on_once_there_is_room(disk: Path) -> None:
    """Lines are lost meanwhile; those that are there are whole."""
    with AttemptLog(disk / "1-1.log") as log:
        log.milestone("agent started")
        ballast = fill(disk)
        for number in range(1000):
            log.said(f"{number} {'x' * 100}\n")
        assert log.problem is not None
        ballast.unlink()
        log.said("room again\n")
        log.milestone("agent ended")
    lines = (disk / "1-1.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines[-2:]] == ["│ room again", "── agent ended"]
    assert len(lines) < 1000
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line) for line in lines)
