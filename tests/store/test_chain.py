"""The journal's chain: one order, proven from the first entry on, and every tampering named."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.errors import StoreCorrupt
from deputize.model.event import Event
from deputize.store import chain, journal
from tests.fixtures.databases import Intruder, open_database
from tests.fixtures.nouns import NOON, QUEUED
from tests.fixtures.peers import append_and_seal, peers

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.store.chain import Proof
    from deputize.store.database import Database

AT = "2026-03-01T12:00:00.000000Z"
SLIPPED_IN = """
INSERT INTO events
VALUES (0, '2026-03-01T12:00:00.000000Z', 'task.done', 'queue', 9, NULL, NULL, NULL, NULL, '{}')
"""


def append(database: Database, count: int) -> None:
    """Append events about task 1, 2, 3 and so on."""
    with database.write() as transaction:
        for number in range(1, count + 1):
            event = Event(kind="task.done", actor="queue", task=number, body={"n": number})
            journal.append(transaction, event, NOON)


def seal_all(database: Database, batch: int = chain.BATCH) -> int:
    """Seal in batches until nothing is left; return how many events that were."""
    count = 0
    while True:
        with database.write() as transaction:
            done = chain.seal(transaction, batch)
        count += done
        if not done:
            return count


@pytest.fixture
def sealed(kind: str, folder: Path) -> Database:
    """Make a closed database whose journal has eight sealed entries."""
    with closing(open_database(kind, folder)) as database:
        append(database, 8)
        assert seal_all(database, batch=3) == 8
    return database


def proof_after(kind: str, folder: Path, *statements: str) -> Proof:
    """Let an intruder do something to the closed database, and verify it."""
    with closing(Intruder(kind, folder)) as intruder:
        intruder.unlock()
        for statement in statements:
            intruder.run(statement)
    with closing(open_database(kind, folder)) as database:
        return chain.verify(database)


def test_an_untouched_journal_is_proven_and_its_tail_counted(database: Database) -> None:
    """Entries are counted whether sealed or not, and sealing again changes nothing."""
    append(database, 4)
    assert seal_all(database, batch=2) == 5
    assert seal_all(database) == 0
    append(database, 2)
    proof = chain.verify(database)
    assert (proof.count, proof.problem, proof.unsealed_count) == (5, None, 2)
    with database.read() as transaction:
        assert chain.has_unsealed(transaction)
        assert [entry.seq for entry in journal.sealed(transaction)] == [1, 2, 3, 4, 5]


def test_an_empty_journal_is_proven(kind: str, folder: Path) -> None:
    """Where nothing has happened, nothing is wrong."""
    with closing(open_database(kind, folder)) as database:
        proof = chain.verify(database)
    assert (proof.count, proof.problem, proof.unsealed_count) == (0, None, 0)


def test_anybody_can_recompute_the_chain(database: Database) -> None:
    """The hash is SHA-256 over the previous one and the entry's canonical JSON, as documented."""
    append(database, 1)
    seal_all(database)
    previous = "0" * 64
    with database.read() as transaction:
        for entry in journal.sealed(transaction):
            content = {
                "actor": entry.actor, "approval": entry.approval, "at": AT,
                "attempt": entry.attempt, "body": entry.body, "change": entry.change,
                "id": entry.id, "kind": entry.kind, "seq": entry.seq, "task": entry.task,
                "worker": entry.worker,
            }  # fmt: skip
            canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
            previous = hashlib.sha256((previous + canonical).encode()).hexdigest()
            assert entry.hash == previous


@pytest.mark.parametrize(
    ("statement", "problem", "count"),
    [
        ("UPDATE events SET body = '{\"n\":6}' WHERE id = 5", "entry 5 does not match", 4),
        ("UPDATE events SET actor = 'Queue' WHERE id = 5", "entry 5 does not match", 4),
        ("UPDATE events SET at = '2026-03-01T12:00:01.000000Z' WHERE id = 5", "entry 5", 4),
        ("UPDATE events SET task = NULL WHERE id = 5", "entry 5 does not match", 4),
        ("UPDATE events SET body = '{\"n\":1e400}' WHERE id = 5", "entry 5 can't be read", 4),
        ("UPDATE events SET body = '{' WHERE id = 5", "entry 5 can't be read", 4),
        ("UPDATE events SET at = 'noon' WHERE id = 5", "entry 5 can't be read", 4),
        ("UPDATE seals SET hash = 'x' || substr(hash, 2) WHERE seq = 1", "entry 1 does not", 0),
        ("DELETE FROM events WHERE id = 5", "entry 5 is missing: the next one is 6", 4),
        ("DELETE FROM events WHERE id = 8", "entry 8 is missing: the chain has 8", 7),
        ("DELETE FROM seals WHERE seq = 5", "entry 5 is missing: the next one is 6", 4),
        ("DELETE FROM events", "entry 1 is missing: the chain has 8", 0),
        ("DELETE FROM seals WHERE seq = 1", "entry 1 is missing: the next one is 2", 0),
        (
            SLIPPED_IN,
            "1 events stand inside the chain without a place",
            8,
        ),
    ],
)
def test_tampering_is_named_at_the_first_entry_that_is_wrong(
    kind: str, folder: Path, sealed: Database, statement: str, problem: str, count: int
) -> None:
    """A flipped byte, a row taken out or slipped in, a damaged field: which entry, and how far."""
    del sealed
    proof = proof_after(kind, folder, statement)
    assert problem in (proof.problem or "")
    assert proof.count == count


def test_a_text_that_is_none_is_named(folder: Path) -> None:
    """SQLite stores whatever bytes somebody slips in; PostgreSQL would not take them."""
    with closing(open_database("sqlite", folder)) as database:
        append(database, 8)
        seal_all(database)
    statement = "UPDATE events SET actor = CAST(x'ff' AS TEXT) WHERE id = 5"
    proof = proof_after("sqlite", folder, statement)
    assert "entry 5 can't be read" in (proof.problem or "")
    assert proof.count == 4


def test_rows_that_changed_places_are_named(kind: str, folder: Path, sealed: Database) -> None:
    """Two entries that swap places keep their content, but not their order."""
    del sealed
    swap = (
        "UPDATE seals SET event = 99 WHERE seq = 3",
        "UPDATE seals SET event = 3 WHERE seq = 4",
        "UPDATE seals SET event = 4 WHERE seq = 3",
    )
    proof = proof_after(kind, folder, *swap)
    assert proof.problem == "entry 3 does not match its hash"
    assert proof.broken is not None
    assert proof.broken.id == 4


def test_two_sealers_can_not_fork_the_chain(kind: str, folder: Path) -> None:
    """Processes that append and seal at once leave one chain with every event in it once."""
    with closing(open_database(kind, folder)) as database:
        with peers(2) as pool:
            both = [pool.submit(append_and_seal, kind, folder, name, 30) for name in "ab"]
            sealed_count = sum(one.result() for one in both) + seal_all(database)
        proof = chain.verify(database)
    assert (proof.count, proof.problem, proof.unsealed_count) == (60, None, 0)
    assert sealed_count == 60


def test_whatever_an_event_holds_can_be_sealed(database: Database) -> None:
    """Fractions, giant numbers, deep values and broken text are written in a form that hashes."""
    body = {
        "cost": 0.1,
        "none": float("nan"),
        "giant": 10**40,
        "large": -(2**53),
        "deep": [{"a": ({"b": "\udc80"},)}],
        "kept": [1, True, None, "\0é\u2028"],
    }
    with database.write() as transaction:
        journal.append(transaction, Event(kind="task.done", actor="q", body=body), NOON)
    seal_all(database)
    assert chain.verify(database).problem is None
    with database.read() as transaction:
        written = journal.sealed(transaction)[-1].body
    assert written == {
        "cost": "0.1",
        "none": "nan",
        "giant": "1" + "0" * 40,
        "large": "-9007199254740992",
        "deep": [{"a": [{"b": "\\udc80"}]}],
        "kept": [1, True, None, "\0é\u2028"],
    }


def test_a_damaged_event_that_is_not_sealed_yet_stops_the_sealer_with_an_error_of_ours(
    kind: str, folder: Path
) -> None:
    """Nothing is sealed over it, and what is broken is said."""
    with closing(open_database(kind, folder)) as database:
        append(database, 2)
    with closing(Intruder(kind, folder)) as intruder:
        intruder.unlock()
        intruder.run("UPDATE events SET body = '{\"n\":1e999}' WHERE id = 2")
    with closing(open_database(kind, folder)) as database:
        with pytest.raises(StoreCorrupt, match="event 2"), database.write() as transaction:
            chain.seal(transaction)
        proof = chain.verify(database)
    assert (proof.count, proof.unsealed_count) == (0, 2)


def test_events_are_redacted_before_they_are_written(database: Database, folder: Path) -> None:
    """No secret in a body reaches the disk, wherever in it and under whatever name."""
    secret = "ghp_" + "a1B2" * 9
    body = {"text": f"use {secret}", "deep": [{"password": "hunter2"}], "n": 1}
    with database.write() as transaction:
        journal.append(transaction, Event(kind="task.done", actor="queue", body=body), NOON)
    with database.read() as transaction:
        written = journal.recent(transaction)[-1].body
    assert written == {"text": "use [redacted]", "deep": [{"password": "[redacted]"}], "n": 1}
    files = b"".join(file.read_bytes() for file in folder.iterdir())
    assert secret.encode() not in files
    assert b"hunter2" not in files


def test_the_journal_is_read_by_task_by_moment_and_from_a_place(database: Database) -> None:
    """Readers follow it in order, from where they were, and keep their place."""
    append(database, 3)
    with database.write() as transaction:
        journal.append(transaction, QUEUED, NOON.replace(hour=13))
        ids = [entry.id for entry in journal.recent(transaction)]
        assert [entry.task for entry in journal.of_task(transaction, 2)] == [2]
        assert [e.id for e in journal.recent(transaction, after=ids[-2])] == ids[-1:]
        late = journal.recent(transaction, since=NOON.replace(hour=13))
        assert [entry.kind for entry in late] == ["task.queued"]
        assert journal.get(transaction, 10**6) is None
        assert journal.cursor(transaction, "files") == 0
        journal.move_cursor(transaction, "files", 7)
        journal.move_cursor(transaction, "files", 9)
        assert journal.cursor(transaction, "files") == 9
