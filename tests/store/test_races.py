"""What happens at the same moment on two connections: each case that row locks have to get right.

SQLite has one writer at a time; there the same happens one after the other.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.model.event import Event
from deputize.model.limits import NO_LIMITS, Limits
from deputize.model.order import barred
from deputize.model.outcome import Outcome
from deputize.model.rules import Rules
from deputize.model.states import TaskState
from deputize.model.task import Place
from deputize.queue import Ending
from deputize.store import chain, journal, line, settle, tasks
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, QUEUED, a_task, a_worker
from tests.fixtures.yard import Yard
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.store.database import Database, Transaction


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Name the folder of a database that both sides open."""
    return tmp_path / "home"


@pytest.fixture
def one(kind: str, folder: Path) -> Iterator[Database]:
    """Open the database."""
    with closing(open_database(kind, folder)) as opened:
        yield opened


@pytest.fixture
def yard(one: Database) -> Yard:
    """Give workers to the database."""
    return Yard(database=one)


@pytest.fixture
def other(one: Database, kind: str, folder: Path) -> Iterator[Database]:
    """Open the same database once more."""
    del one
    with closing(open_database(kind, folder)) as opened:
        yield opened


ANY = line.Reach("w1", (), barred((), NO_LIMITS, ()), NOON)
"""In the reach of a worker that takes everything."""
only_postgres = pytest.mark.parametrize("kind", ["postgres"])


@contextmanager
def meanwhile(call: Callable[[], object]) -> Iterator[threading.Thread]:
    """Do something in a thread of its own; it is over at the end."""
    thread = threading.Thread(target=call)
    thread.start()
    yield thread
    thread.join()


def waits(thread: threading.Thread) -> bool:
    """Tell whether a thread is kept waiting."""
    thread.join(timeout=0.2)
    return thread.is_alive()


def seal(database: Database) -> int:
    """Seal what can be sealed."""
    with database.write() as transaction:
        return chain.seal(transaction)


def append(transaction: Transaction, task: int) -> None:
    """Append an event about a task, and see it there: by then it has its id."""
    journal.append(transaction, Event(kind="task.done", actor="queue", task=task), NOON)
    assert journal.newest(transaction)


def sealed_tasks(database: Database) -> list[int | None]:
    """Return which tasks the sealed events are about."""
    with database.read() as transaction:
        return [entry.task for entry in journal.sealed(transaction)]


@only_postgres
def test_an_event_that_is_committed_late_is_not_passed_over(one: Database, other: Database) -> None:
    """What has a higher id and was committed first waits for it, so that the chain goes by id."""
    with one.write() as late:
        append(late, 1)
        with other.write() as early:
            append(early, 2)
        assert seal(other) == 0
    assert seal(other) == 2
    assert sealed_tasks(other) == [1, 2]
    assert chain.verify(other).problem is None


@only_postgres
def test_what_stands_before_an_open_transaction_is_sealed(one: Database, other: Database) -> None:
    """Only what is above its ids waits; a transaction that comes to nothing leaves a gap."""
    with other.write() as before:
        append(before, 1)
        append(before, 2)
    with pytest.raises(ZeroDivisionError), one.write() as lost:
        append_then(lost, 3, lambda: seal_beside(other, 4))
    assert seal(other) == 1
    assert sealed_tasks(other) == [1, 2, 4]
    assert chain.verify(other).problem is None


def append_then(transaction: Transaction, task: int, call: Callable[[], None]) -> None:
    """Append an event, do something beside, and come to grief."""
    append(transaction, task)
    call()
    raise ZeroDivisionError


def seal_beside(database: Database, task: int) -> None:
    """Append an event and see that it can't be sealed yet, though what came before it can."""
    with database.write() as transaction:
        append(transaction, task)
    assert seal(database) == 2
    assert seal(database) == 0


def test_a_transaction_seals_what_it_has_told_itself(one: Database) -> None:
    """A worker that signs off seals its own last event."""
    with one.write() as transaction:
        append(transaction, 1)
        assert chain.seal(transaction) == 1
    assert sealed_tasks(one) == [1]


def dawdle(transaction: Transaction, chance: random.Random) -> None:
    """Append an event, take a while, and now and then come to grief."""
    append(transaction, 1)
    time.sleep(chance.random() * 0.003)
    if chance.random() < 0.2:
        raise ZeroDivisionError


def test_nothing_is_passed_over_in_a_crowd(kind: str, folder: Path, one: Database) -> None:
    """Writers that dawdle between id and commit, some of whom give up, beside a busy sealer."""
    seed = random.randrange(10**6)  # noqa: S311 - as below
    over = threading.Event()

    def writer(number: int) -> None:
        chance = random.Random(seed + number)  # noqa: S311 - a course of events
        with closing(open_database(kind, folder)) as mine:
            for _ in range(25):
                with suppress(ZeroDivisionError), mine.write() as transaction:
                    dawdle(transaction, chance)

    def sealer() -> None:
        with closing(open_database(kind, folder)) as mine:
            while not over.is_set():
                seal(mine)

    writers = [threading.Thread(target=writer, args=(number,)) for number in range(4)]
    with meanwhile(sealer):
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        over.set()
    while seal(one):
        pass
    proof = chain.verify(one)
    with one.read() as transaction:
        assert len(journal.sealed(transaction)) == len(journal.recent(transaction)), seed
    assert (proof.problem, proof.unsealed_count) == (None, 0), seed


@only_postgres
def test_a_sealer_that_stands_still_holds_only_sealers_up(one: Database, other: Database) -> None:
    """Writers never wait for it; a second sealer does, and then goes on where that one ended."""
    with one.write() as transaction:
        append(transaction, 1)
    with one.write() as sealing:
        assert chain.seal(sealing) == 1
        with other.write() as transaction:
            append(transaction, 2)
        thread = threading.Thread(target=seal, args=(other,))
        thread.start()
        assert waits(thread)
    thread.join()
    assert sealed_tasks(one) == [1, 2]


def end(transaction: Transaction, task: int) -> None:
    """Let a task be done."""
    task_now = tasks.lock(transaction, task)
    settle.end(transaction, task_now, TaskState.DONE, actor="worker:w1", now=NOON)


@only_postgres
def test_of_two_needs_that_end_at_once_the_second_releases(yard: Yard, other: Database) -> None:
    """Neither sees the other done when it ends; so the second waits, and then looks."""
    first, second = yard.add(), yard.add()
    waiting = yard.add(first, second)
    yard.claimed("w1"), yard.claimed("w2")

    def end_second() -> None:
        with other.write() as transaction:
            end(transaction, second)

    with yard.database.write() as transaction:
        end(transaction, first)
        thread = threading.Thread(target=end_second)
        thread.start()
        assert waits(thread)
    thread.join()
    assert yard.task(waiting).state is TaskState.QUEUED
    assert yard.told(waiting).count("task.released") == 1


def test_needs_that_end_in_any_order_leave_nobody_blocked(
    kind: str, folder: Path, yard: Yard
) -> None:
    """Many times over: two workers end the needs of one task as nearly at once as they can."""
    pairs = [(yard.add(), yard.add()) for _ in range(15)]
    waiting = [yard.add(*pair) for pair in pairs]
    claims = {claim.task.id: claim for claim in (yard.claimed() for _ in range(30))}
    start = threading.Barrier(2)

    def finish(side: int) -> None:
        with closing(open_database(kind, folder)) as mine:
            for pair in pairs:
                start.wait()
                ending = Ending(outcome=Outcome.SUCCEEDED)
                queue.finish(mine, claims[pair[side]].attempt, ending, NOON)

    with meanwhile(lambda: finish(0)), meanwhile(lambda: finish(1)):
        pass
    assert {yard.task(task).state for task in waiting} == {TaskState.QUEUED}
    assert {yard.told(task).count("task.released") for task in waiting} == {1}


@only_postgres
def test_a_task_that_is_added_while_its_need_ends_is_not_forgotten(
    yard: Yard, other: Database
) -> None:
    """The end waits until it is there, and releases it."""
    need = yard.add()
    claim = yard.claimed()

    def finish() -> None:
        queue.finish(other, claim.attempt, Ending(outcome=Outcome.SUCCEEDED), NOON)

    with yard.database.write() as transaction:
        assert tasks.keep(transaction, need).state is TaskState.RUNNING
        thread = threading.Thread(target=finish)
        thread.start()
        assert waits(thread)
        waiting = tasks.insert(transaction, a_task(state=TaskState.BLOCKED), QUEUED, NOON)
        tasks.add_need(transaction, waiting.id, need)
    thread.join()
    assert yard.task(waiting.id).state is TaskState.QUEUED


@only_postgres
def test_who_leaves_waits_for_who_is_adding(yard: Yard, other: Database) -> None:
    """And adds wait for no other add: else a task could come to a worker that has just left."""
    found: list[bool] = []

    def leave() -> None:
        with other.write() as transaction:
            found.append(tasks.nothing_is_open(transaction))

    with yard.database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        with other.write() as beside:
            tasks.insert(beside, a_task(state=TaskState.BLOCKED), QUEUED, NOON)
        thread = threading.Thread(target=leave)
        thread.start()
        assert waits(thread)
    thread.join()
    assert found == [False]


@only_postgres
def test_who_claims_passes_over_what_another_is_taking(yard: Yard, other: Database) -> None:
    """It neither waits nor gets the same task."""
    first, second = yard.add(), yard.add()
    with yard.database.write() as transaction:
        taken = line.claimable(transaction, ANY, 5)
        found = queue.claim(other, a_worker(id="w2"), NOON)
    assert taken is not None
    assert found is not None
    assert (taken.id, found.task.id) == (first, second)


@only_postgres
def test_two_tasks_never_get_the_same_checkout(kind: str, folder: Path, yard: Yard) -> None:
    """However many workers ask at once, one task works in it."""
    for _ in range(8):
        yard.add(place=Place.IN_PLACE, repo="/project", git_dir="/project/.git", lock="checkout:/p")
    start = threading.Barrier(8)

    def claim(number: int) -> None:
        with closing(open_database(kind, folder)) as mine:
            start.wait()
            queue.claim(mine, a_worker(id=f"w{number % 2 + 1}"), NOON)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert yard.states().count(TaskState.RUNNING) == 1


@only_postgres
def test_a_limit_holds_for_all_who_ask_at_once(kind: str, folder: Path, yard: Yard) -> None:
    """Nobody counts while another does."""
    for _ in range(8):
        yard.add()
    start = threading.Barrier(8)
    two = Rules(limits=Limits(roles={"writer": 2}))

    def claim(number: int) -> None:
        with closing(open_database(kind, folder)) as mine:
            start.wait()
            queue.claim(mine, a_worker(id=f"w{number % 2 + 1}"), NOON, two)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert yard.states().count(TaskState.RUNNING) == 2


@only_postgres
def test_a_cancel_is_not_lost_to_a_move_at_the_same_moment(yard: Yard, other: Database) -> None:
    """Who moves a task has it locked: the request waits, and is written over what became of it."""
    yard.add()
    with yard.database.write() as transaction:
        assert line.claimable(transaction, ANY, 5) is not None
        thread = threading.Thread(target=queue.cancel, args=(other, 1, "person:ada", NOON))
        thread.start()
        assert waits(thread)
    thread.join()
    wait_until(lambda: yard.task(1).state is TaskState.CANCELLED)
