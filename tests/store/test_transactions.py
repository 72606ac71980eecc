"""Transactions: whole or not at all, one moment for a reader, a turn for every writer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deputize.errors import InvalidInput, StoreError
from deputize.model.attempt import ToolUse, Usage
from deputize.model.change import CheckResult, FileChange, Operation
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.store import attempts, changes, journal, tasks
from deputize.store.attempts import Closing
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import (
    COMMIT,
    NOON,
    QUEUED,
    TREE,
    a_change,
    a_task,
    an_attempt,
)

if TYPE_CHECKING:
    from deputize.store.database import Database, Transaction
    from tests.fixtures.databases import Intruder

ROOT = Path(__file__).resolve().parents[2]
PEER = """
import sys
from pathlib import Path
from tests.fixtures.peers import commit_one_and_begin_another
commit_one_and_begin_another(sys.argv[1], Path(sys.argv[2]))
"""


class Mishap(Exception):
    """Something that went wrong inside a transaction."""


def prompts(database: Database) -> list[str]:
    """Return the prompts of all tasks."""
    with database.read() as transaction:
        return [task.prompt for task in tasks.unfinished(transaction)]


def insert_and_raise(transaction: Transaction, error: type[BaseException]) -> None:
    """Write something, then come to grief."""
    tasks.insert(transaction, a_task(), QUEUED, NOON)
    raise error


@pytest.mark.parametrize("error", [Mishap, KeyboardInterrupt, FileNotFoundError])
def test_what_raises_leaves_no_trace_and_keeps_its_error(
    database: Database, error: type[BaseException]
) -> None:
    """Row and event are gone, the error comes through as it is, and the next write works."""
    with pytest.raises(error), database.write() as transaction:
        insert_and_raise(transaction, error)
    with database.read() as transaction:
        assert [entry.kind for entry in journal.recent(transaction)] == ["worker.started"]
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
    assert len(prompts(database)) == 1


def test_a_killed_process_leaves_what_it_committed_and_nothing_else(
    kind: str, folder: Path, database: Database
) -> None:
    """After kill -9 the committed task is there, the half-written one isn't, and nobody waits."""
    peer = subprocess.Popen(
        [sys.executable, "-c", PEER, kind, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with peer:
        assert peer.stdout is not None
        assert peer.stdout.readline() == b"written\n"
        assert prompts(database) == ["committed"]
        peer.kill()
    with database.write() as transaction:
        tasks.insert(transaction, a_task(prompt="later"), QUEUED, NOON)
    assert prompts(database) == ["committed", "later"]


JOTTER = """
import sys
from pathlib import Path
from deputize.model.event import Event
from deputize.store import journal
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON

database = open_database(sys.argv[1], Path(sys.argv[2]))
with database.jot() as transaction:
    journal.append(transaction, Event(kind="worker.started", actor="jotter"), NOON)
print("jotted", flush=True)
sys.stdin.read()
"""


def test_what_was_jotted_down_outlives_a_killed_process(
    kind: str, folder: Path, database: Database
) -> None:
    """Others see it at once, and can have the disk keep it."""
    peer = subprocess.Popen(
        [sys.executable, "-c", JOTTER, kind, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with peer:
        assert peer.stdout is not None
        assert peer.stdout.readline() == b"jotted\n"
        peer.kill()
    database.settle()
    with database.read() as transaction:
        assert [entry.actor for entry in journal.recent(transaction)][-1] == "jotter"


def test_only_what_is_jotted_down_does_not_wait_for_the_disk(folder: Path) -> None:
    """Every other commit is synced as ever, also after a jotting that has failed."""
    with closing(SqliteDatabase(folder / "deputize.db")) as database:

        def level() -> int:
            ((found,),) = database._connection.execute("PRAGMA synchronous").fetchall()
            return int(found)

        with database.jot():
            assert level() == 1
        assert level() == 2
        with pytest.raises(ValueError, match="no"), database.jot():
            raise ValueError("no")
        with database.write():
            assert level() == 2


def test_a_reader_sees_one_moment(kind: str, folder: Path, database: Database) -> None:
    """What another connection commits meanwhile is seen only by the next transaction."""
    with closing(open_database(kind, folder)) as other:
        with database.read() as transaction:
            with other.write() as elsewhere:
                tasks.insert(elsewhere, a_task(), QUEUED, NOON)
            assert tasks.unfinished(transaction) == []
        assert len(prompts(database)) == 1


def test_the_number_of_changes_moves_when_another_connection_commits(
    kind: str, folder: Path, database: Database
) -> None:
    """A look costs no transaction, and tells whether reading again is worth it."""
    before = database.changes()
    prompts(database)
    assert database.changes() == before
    with closing(open_database(kind, folder)) as other, other.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
    assert database.changes() != before


def test_every_writer_gets_its_turns(kind: str, folder: Path, database: Database) -> None:
    """Eight connections that write at once all finish, and no write is lost or refused."""
    start = threading.Barrier(8)
    refused: list[Exception] = []

    def writer(name: str) -> None:
        with closing(open_database(kind, folder)) as mine:
            start.wait()
            try:
                for number in range(15):
                    with mine.write() as transaction:
                        tasks.insert(transaction, a_task(prompt=f"{name} {number}"), QUEUED, NOON)
            except Exception as error:  # noqa: BLE001 - shown by the test
                refused.append(error)

    threads = [threading.Thread(target=writer, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert sorted(prompts(database)) == sorted(f"{a} {b}" for a in range(8) for b in range(15))


def test_threads_may_share_one_connection(database: Database) -> None:
    """They take turns; a transaction of one is never mixed with another's."""

    def writer() -> None:
        for _ in range(20):
            with database.write() as transaction:
                before = len(tasks.unfinished(transaction))
                tasks.insert(transaction, a_task(), QUEUED, NOON)
                assert len(tasks.unfinished(transaction)) == before + 1

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(prompts(database)) == 80


def test_a_reader_waits_while_the_file_is_locked_whole(folder: Path) -> None:
    """Recovery and the last close lock SQLite's file for a moment: no reason to give up."""
    open_database("sqlite", folder).close()
    holder = sqlite3.connect(folder / "deputize.db", check_same_thread=False)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("SELECT count(*) FROM tasks").fetchone()
    opening, found = threading.Event(), list[str]()

    def reader() -> None:
        opening.set()
        with closing(open_database("sqlite", folder)) as mine:
            mine.changes()
            found.extend(prompts(mine))
            found.append("read")

    thread = threading.Thread(target=reader)
    thread.start()
    opening.wait()
    thread.join(timeout=0.2)
    assert thread.is_alive()
    holder.close()
    thread.join()
    assert found == ["read"]


def test_text_that_is_no_utf8_is_stored_spelled_out(database: Database) -> None:
    """A file name of an odd disk, or an agent's slip, must not keep an attempt from ending."""
    odd = "caf\udce9"
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        (attempt,) = attempts.insert(transaction, [an_attempt(summary=odd)])
        files = (FileChange(path=odd, op=Operation.CREATE),)
        event = Event(kind="change.proposed", actor="worker:w1", body={odd: [odd]})
        change = changes.insert(transaction, a_change(files=files), event, NOON)
        assert attempts.get(transaction, attempt.id).summary == "caf\\udce9"
        assert changes.get(transaction, change.id).files == files
        assert journal.recent(transaction)[-1].body == {"caf\\udce9": ["caf\\udce9"]}


def test_what_is_told_alike_is_written_whole_and_in_order(database: Database) -> None:
    """Many ends in one transaction: each with its own values, odd texts spelled out."""
    errors = ["", "plain", "caf\udce9", "'; -- \\ \" {} %s", "ü\n\t"]
    with database.write() as transaction:
        new = [tasks.insert(transaction, a_task(), QUEUED, NOON) for _ in errors]
        begun = attempts.insert(transaction, [an_attempt(task=task.id) for task in new])
        for attempt, error in zip(begun, errors, strict=True):
            closing = Closing(
                Outcome.AGENT_ERROR, -1, error, Usage(input_tokens=attempt.id), (), None, None,
                None, None,
            )  # fmt: skip
            attempts.end(transaction, attempt, closing, NOON)
            told = Event(kind="attempt.finished", actor="worker:w1", attempt=attempt.id)
            journal.append(transaction, told, NOON)
    with database.read() as transaction:
        ended = [attempts.get(transaction, attempt.id) for attempt in begun]
        told_of = [entry.attempt for entry in journal.recent(transaction) if entry.attempt]
    assert [attempt.error for attempt in ended] == [
        error.replace("\udce9", "\\udce9") for error in errors
    ]
    assert [attempt.usage.input_tokens for attempt in ended] == [attempt.id for attempt in begun]
    assert {attempt.exit_code for attempt in ended} == {-1}
    assert told_of == [attempt.id for attempt in begun]


def test_a_number_that_no_column_holds_is_bad_input(database: Database) -> None:
    """An id of twenty digits is refused in words, not with a traceback."""
    with pytest.raises(InvalidInput, match="too large"), database.read() as transaction:
        tasks.get(transaction, 10**20)


def test_counts_that_an_agent_makes_up_are_kept_in_bounds(database: Database) -> None:
    """Tokens below nothing or beyond all numbers are stored as the nearest that makes sense."""
    usage = Usage(input_tokens=10**30, output_tokens=-5, cached_tokens=7, cost_usd="0.1")
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
        stored = attempts.get(
            transaction, attempts.insert(transaction, [an_attempt(usage=usage)])[0].id
        )
    assert stored.usage == Usage(input_tokens=(1 << 53) - 1, cached_tokens=7, cost_usd="0.1")


FULL_TASK = a_task(
    title="Títle ✓", kind="bugfix", repo="/p", git_dir="/p/.git", base=COMMIT, target="main",
    scope=("src/é", "b c"), model="m", provider="p", checks=("lint",), attempts=3, not_before=NOON,
    key="k", key_digest="d", session="s", feedback="again", started_at=NOON, finished_at=NOON,
    result="r", state=TaskState.FAILED, reason=Outcome.CONFLICT, message="m", labels=("x",), plan=4,
    held=True, cancel_requested=True, rework_count=2, round_start=3,
)  # fmt: skip
FULL_ATTEMPT = an_attempt(
    model="m", base=COMMIT, session="s", workspace="/w", processes=("1 2 b h",), finished_at=NOON,
    outcome=Outcome.SUCCEEDED, exit_code=-9, error="e", summary="s", log="/l", saved_ref="refs/x",
    usage=Usage(input_tokens=1, output_tokens=2, cached_tokens=3, cost_usd="0.01"),
    tools=(ToolUse(name="shell", count=2, denied_count=1, failed_count=1),),
)  # fmt: skip
FULL_CHANGE = a_change(
    state=ChangeState.LANDED, reason="r", approved_tree=TREE, tip=COMMIT, candidate=COMMIT,
    landed_commit=COMMIT, batch=3, settled_at=NOON, risk="high", risk_reasons=("many", "large"),
    files=(FileChange(path="ä b", op=Operation.RENAME, source="a", mode="100755", binary=True,
                      before="sha256:1", after="sha256:2", added=1, removed=2),),
    checks=(CheckResult(name="t", command="make", exit_code=None, seconds=3, output="…"),),
)  # fmt: skip


def test_every_noun_comes_back_as_it_was_stored(database: Database) -> None:
    """No column is forgotten, mixed up or rounded."""
    with database.write() as transaction:
        task = tasks.insert(transaction, FULL_TASK, QUEUED, NOON)
        (attempt,) = attempts.insert(transaction, [FULL_ATTEMPT])
        change = changes.insert(transaction, FULL_CHANGE, QUEUED, NOON)
        assert tasks.get(transaction, task.id) == FULL_TASK._replace(id=1)
        assert attempts.get(transaction, attempt.id) == FULL_ATTEMPT._replace(id=1)
        assert changes.get(transaction, change.id) == replace(FULL_CHANGE, id=1)


@settings(max_examples=25)
@given(prompt=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_prompt_comes_back_to_the_letter(
    prompt: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Control characters, line ends and every script are stored as they were given."""
    folder = tmp_path_factory.mktemp("store")
    with closing(open_database("sqlite", folder)) as database:
        with database.write() as transaction:
            tasks.insert(transaction, a_task(prompt=prompt), QUEUED, NOON)
        assert prompts(database) == [prompt]


def test_what_is_only_told_and_refused_undoes_the_transaction(
    database: Database, intruder: Intruder
) -> None:
    """It need not be refused at once, but nothing that came before or after it is stored."""

    def need_what_is_not_there(transaction: Transaction) -> None:
        task = tasks.insert(transaction, a_task(), QUEUED, NOON)
        tasks.add_need(transaction, task.id, 99)
        journal.append(transaction, QUEUED, NOON)
        journal.newest(transaction)

    with pytest.raises(StoreError, match="refused a row"), database.write() as transaction:
        need_what_is_not_there(transaction)
    assert intruder.run("SELECT count(*) FROM tasks") == [(0,)]
    with database.write() as transaction:
        tasks.insert(transaction, a_task(), QUEUED, NOON)
    assert intruder.run("SELECT count(*) FROM tasks") == [(1,)]
