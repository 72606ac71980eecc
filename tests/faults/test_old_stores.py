"""A store that an older program wrote, brought up to date while others read in it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from deputize import queue
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import attempts, chain, meta
from deputize.store.migrate import known_migrations
from tests.fixtures import postgres
from tests.fixtures.databases import Intruder, make_room, open_database
from tests.fixtures.storm import new_dice
from tests.fixtures.yard import Yard
from tests.waiting import wait_until

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Value

OLD = [number for number, _, _ in known_migrations("sqlite")][:-1]
READERS = 2
AT = "2026-01-01T00:00:00.000000Z"
TASK: dict[str, Value] = {
    "title": "t", "prompt": "p", "role": "writer", "held": 0, "priority": 5, "place": "scratch",
    "scope": "[]", "agent": "a", "checks": "[]", "timeout_seconds": 1, "idle_timeout_seconds": 1,
    "round_start": 1, "rework_count": 0, "cancel_requested": 0, "created_at": AT, "labels": "[]",
    "origin": "cli", "rank": 1, "share": "cli", "ready_at": AT,
}  # fmt: skip
"""What a task has, in as far as its schema has a column for it."""
ATTEMPT = """
INSERT INTO attempts (task, number, token, worker, lease_expires_at, agent, processes, started_at,
    finished_at, outcome, input_tokens, output_tokens, cached_tokens, tools)
VALUES (:task, 1, :token, 'w0', :at, 'a', '[]', :at, :finished_at, :outcome, 0, 0, 0, '[]')
"""
EVENT = """
INSERT INTO events (at, kind, actor, task, body) VALUES (:at, :kind, 'queue', :task, '{}')
"""
WORKER = """
INSERT INTO workers (id, identity, host, roles, slots, started_at, seen_at, draining)
VALUES ('w0', '1:1:boot:host', 'host', '[]', 1, :at, :at, 0)
"""
COLUMNS = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
    " WHERE t.type = 'table'",
    "postgres": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public'",
}
READ = {"sqlite": "BEGIN", "postgres": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
TABLES = ("tasks", "attempts", "events", "task_needs", "workers")
VERBS = (
    *("list --all", "status", "show 1", "stats", "workers", "approvals", "changes list"),
    *("sessions list", "audit verify", "hold 1", "release 1", "cancel 1", "retry 1"),
)


def make_old(kind: str, folder: Path, schema: int) -> None:
    """Make a store as the program of a schema left it: a queued, a running and a done task.

    A fourth waits for the first.
    """
    make_room(kind, folder)
    folder.mkdir(parents=True, exist_ok=True)
    scripts = [file.read_text() for number, _, file in known_migrations(kind) if number <= schema]
    if kind == "postgres":
        with psycopg.connect(postgres.url_of(folder)) as server:
            for script in scripts:
                server.execute(script.encode())
    else:
        with closing(sqlite3.connect(folder / "deputize.db")) as file:
            file.execute("PRAGMA journal_mode = WAL")
            for script in scripts:
                file.executescript(script)
    with closing(Intruder(kind, folder)) as program:
        fill(program, schema)


def fill(program: Intruder, schema: int) -> None:
    """Write the rows, without an id in any: the tables count by themselves."""
    for number, name, _ in known_migrations(program.kind)[:schema]:
        program.run("INSERT INTO migrations VALUES (:number, :name, :at)",
                    number=number, name=name, at=AT)  # fmt: skip
    program.run("INSERT INTO meta (name, value) VALUES ('store', 'abc')")
    program.run(WORKER, at=AT)
    states = ("queued", "queued", "done", "blocked")
    for number, state in enumerate(states, 1):
        add_task(program, state)
        program.run(EVENT, at=AT, kind=f"task.{state}", task=number)
    program.run("INSERT INTO task_needs VALUES (4, 1, 'done')")
    program.run(ATTEMPT, at=AT, task=2, token="t2", finished_at=None, outcome=None)
    program.run(ATTEMPT, at=AT, task=3, token="t3", finished_at=AT, outcome="succeeded")
    program.run("UPDATE tasks SET state = 'running', attempt = 1 WHERE id = 2")


def add_task(program: Intruder, state: str) -> None:
    """Write a task as the schema has it."""
    known = {column for table, column in program.run(COLUMNS[program.kind]) if table == "tasks"}
    values: dict[str, Value] = {name: value for name, value in TASK.items() if name in known}
    values |= {"state": state, "finished_at": AT if state == "done" else None}
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    program.run(f"INSERT INTO tasks ({names}) VALUES ({places})", **values)  # noqa: S608 - ours


@dataclass(slots=True)
class Reader:
    """Somebody who reads all the time, in short transactions, over one old connection."""

    kind: str
    folder: Path
    dice: random.Random
    over: threading.Event
    seen: list[tuple[object, ...]] = field(default_factory=list)
    error: Exception | None = None

    def read(self) -> None:
        """Read until told to stop; an error ends it."""
        try:
            with closing(Intruder(self.kind, self.folder)) as program:
                while not self.over.is_set():
                    self.seen.append(self.look(program))
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.error = error

    def look(self, program: Intruder) -> tuple[object, ...]:
        """Return the number of the schema, its columns, and how many rows there are, at once."""
        program.run(READ[self.kind])
        found = {
            table: program.run(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - ours
            for table in self.dice.sample(TABLES, len(TABLES))
        }
        columns = frozenset(program.run(COLUMNS[self.kind]))
        version = program.run("SELECT max(number) FROM migrations")[0][0]
        program.run("COMMIT")
        return version, columns, tuple(sorted(found.items()))


@contextmanager
def readers(kind: str, folder: Path) -> Iterator[list[Reader]]:
    """Let some read; all of them have read something before, and something after."""
    over, chances = threading.Event(), new_dice()
    several = [Reader(kind, folder, chances, over) for _ in range(READERS)]
    threads = [threading.Thread(target=reader.read) for reader in several]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(reader.seen or reader.error for reader in several))
        yield several
        counts = [len(reader.seen) for reader in several]
        wait_until(
            lambda: all(
                len(reader.seen) > count + 1 or reader.error
                for reader, count in zip(several, counts, strict=True)
            )
        )
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("schema", OLD)
def test_readers_see_the_old_store_or_the_new_one(kind: str, tmp_path: Path, schema: int) -> None:
    """Never half of it, never an error; and afterwards all that was in it goes on."""
    folder = tmp_path / "home"
    make_old(kind, folder, schema)
    with readers(kind, folder) as several, closing(open_database(kind, folder)) as database:
        assert [one.number for one in database.applied] == [*OLD[schema:], OLD[-1] + 1]
    assert [reader.error for reader in several] == [None] * READERS
    seen = {look[0]: look for reader in several for look in reader.seen}
    assert set(seen) == {schema, OLD[-1] + 1}
    assert {look for reader in several for look in reader.seen} == set(seen.values())
    assert seen[schema][2] == seen[OLD[-1] + 1][2]
    with closing(open_database(kind, folder)) as database:
        go_on(Yard(database=database))


def go_on(yard: Yard) -> None:
    """Let a worker of today do what is left, of an attempt that one of old had, too."""
    with yard.database.read() as transaction:
        assert meta.store_name(transaction) == "abc"
        (left,) = attempts.unfinished(transaction)
    queue.finish(yard.database, left, queue.Ending(outcome=Outcome.WORKER_LOST), yard.now)
    assert yard.add() == 5
    while claim := yard.claim():
        yard.finish(claim)
    assert yard.states() == [TaskState.DONE] * 5
    assert yard.told(4).count("task.released") == 1
    with yard.database.write() as transaction:
        chain.seal(transaction)
        assert meta.check(transaction) == "ok"
    assert chain.verify(yard.database).problem is None


def test_every_verb_works_on_the_oldest_store(kind: str, tmp_path: Path) -> None:
    """The first one brings it up to date; none fails, and JSON tells of the old rows."""
    folder = tmp_path / "home"
    make_old(kind, folder, 1)
    own = {"DEPUTIZE_DATABASE": postgres.url_of(folder)} if kind == "postgres" else {}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8", **own}
    environment |= {"DEPUTIZE_HOME": str(folder), "DEPUTIZE_WORKER__AUTOSTART": "false"}
    for verb in VERBS:
        done = subprocess.run(
            (sys.executable, "-m", "deputize", *verb.split(), "--json"),
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, verb) == (0, verb), done.stderr
        said = json.loads(done.stdout)
        if verb == "list --all":
            assert [task["id"] for task in said] == [4, 3, 2, 1]
