"""What a listing is narrowed to, and `--latest` in the place of an id."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.clock import SystemClock
from deputize.config.home import Home
from deputize.desk.context import open_desk
from deputize.model.approval import ApprovalState, Subject
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState
from deputize.store import approvals, attempts, changes, sessions, tasks, workers
from tests.fixtures.nouns import QUEUED, a_change, a_task, a_worker, an_approval, an_attempt

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction
    from tests.surfaces.cli.conftest import CommandLine

PROPOSED = Event(kind="change.proposed", actor="worker:w1")
STRANGER = f"4711:1.0:another-boot:{'f' * 16}"


@pytest.fixture
def house(deputize: CommandLine) -> CommandLine:
    """Fill the home: a writer's task of yesterday and a tester's of now, with all they have.

    The writer's is labelled, the tester's is of another agent.
    """
    now = SystemClock().now()
    with open_desk(Home(deputize.home)) as desk, desk.database.write() as transaction:
        sign_on(transaction, now)
        for number, (role, hours) in enumerate((("writer", 24), ("tester", 0)), 1):
            begin(transaction, number, role, now - timedelta(hours=hours))
        settled = {"state": ChangeState.QUARANTINED, "settled_at": now, "reason": "no"}
        old = changes.get(transaction, 1)
        change = a_change(task=1, attempt=1, created_at=old.created_at, **settled)
        changes.insert(transaction, change, PROPOSED, now)
        asked = approvals.get(transaction, 1)
        state = ApprovalState.DENIED
        approvals.answer(transaction, asked, state, by="person:ada", words=None, now=now)
    return deputize


def sign_on(transaction: Transaction, now: datetime) -> None:
    """Let two workers begin elsewhere: one of any role since yesterday, one for testers."""
    before = now - timedelta(days=1)
    for facts in (
        {"id": "w1", "started_at": before, "seen_at": now},
        {"id": "w2", "started_at": now, "seen_at": now, "roles": ("tester",), "draining": True},
        {"id": "w3", "started_at": before, "seen_at": before, "roles": ("inspector",)},
    ):
        workers.register(transaction, a_worker(identity=STRANGER, **facts), now)


def begin(transaction: Transaction, number: int, role: str, at: datetime) -> None:
    """Add a task with an attempt that ended, its session, a change, and a question."""
    odd = {"labels": ("nightly", "x")} if role == "writer" else {"agent": "goose"}
    agent = odd.get("agent", "copilot")
    tasks.insert(transaction, a_task(role=role, created_at=at, **odd), QUEUED, at)
    ended = {"finished_at": at, "outcome": Outcome.CANCELLED, "started_at": at}
    facts = {"task": number, "token": f"t{number}", "session": f"s{number}"}
    (attempt,) = attempts.insert(transaction, [an_attempt(**facts, **ended, agent=agent)])
    sessions.use(transaction, attempt, f"s{number}", at)
    change = a_change(task=number, attempt=number, created_at=at)
    changes.insert(transaction, change, PROPOSED, at)
    question = an_approval(task=number, about=Subject.TRUST, asked_at=at)
    approvals.ask(transaction, question, "worker:w1", at)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("list",), [1, 2]),
        (("list", "--role", "tester"), [2]),
        (("list", "--limit", "1"), [1]),
        (("list", "--agent", "goose"), [2]),
        (("list", "--label", "nightly", "--all"), [1]),
        (("list", "--label", "night"), []),
        (("list", "--state", "queued"), [2, 1]),
        (("list", "--since", "1h"), [2]),
        (("changes", "list"), [3, 2, 1]),
        (("changes", "list", "--state", "quarantined"), [3]),
        (("changes", "list", "--role", "tester"), [2]),
        (("changes", "list", "--since", "1h"), [2]),
        (("changes", "list", "--role", "writer", "--limit", "1"), [3]),
        (("changes", "list", "--agent", "goose"), [2]),
        (("changes", "list", "--label", "x"), [3, 1]),
        (("approvals",), [2]),
        (("approvals", "--agent", "goose", "--limit", "1"), [2]),
        (("approvals", "--label", "x"), []),
        (("approvals", "--label", "x", "--state", "denied"), [1]),
        (("approvals", "--role", "writer"), []),
        (("approvals", "--state", "denied"), [1]),
        (("approvals", "--state", "denied", "--role", "tester"), []),
        (("approvals", "--state", "denied", "--since", "1h"), []),
        (("approvals", "--state", "open", "--since", "1h", "--limit", "5"), [2]),
        (("workers",), ["w1", "w3", "w2"]),
        (("workers", "--role", "tester"), ["w1", "w2"]),
        (("workers", "--role", "writer"), ["w1"]),
        (("workers", "--state", "draining"), ["w2"]),
        (("workers", "--state", "gone"), ["w3"]),
        (("workers", "--since", "1h"), ["w2"]),
        (("workers", "--state", "working", "--limit", "1"), ["w1"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_listing_is_narrowed(
    house: CommandLine, words: tuple[str, ...], found: list[object]
) -> None:
    """State, role, age and number leave out the same rows for people and for programs."""
    assert [each["id"] for each in house(*words, "--json").document] == found
    assert len(house(*words).out.splitlines()) == (1 + len(found) if found else 0)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), ["s2", "s1"]),
        (("--role", "writer"), ["s1"]),
        (("--state", "queued", "--limit", "1"), ["s2"]),
        (("--state", "done"), []),
        (("--since", "1h"), ["s2"]),
        (("--agent", "goose"), ["s2"]),
        (("--label", "nightly"), ["s1"]),
    ],
)
def test_sessions_are_narrowed_by_their_tasks(
    house: CommandLine, words: tuple[str, ...], found: list[str]
) -> None:
    """Each session is there once, with the attempt that used it last."""
    sessions = house("sessions", "list", *words, "--json").document
    assert [each["session"] for each in sessions] == found
    assert all(each["number"] == 1 for each in sessions)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1, 2]),
        (("--role", "tester"), [2]),
        (("--agent", "goose"), [2]),
        (("--label", "nightly"), [1]),
        (("--since", "1h"), [2]),
        (("--state", "queued", "--limit", "1"), [1]),
        (("--state", "running"), []),
    ],
)
def test_the_board_is_narrowed(
    house: CommandLine, words: tuple[str, ...], found: list[int]
) -> None:
    """Tasks, and questions whatever the state of theirs; the workers stand there in any case."""
    board = house("status", *words, "--json").document
    assert [task["id"] for task in board["tasks"]] == found
    asked = [] if "writer" in words or "nightly" in words else [2]
    assert [each["id"] for each in board["approvals"]] == asked
    assert len(board["workers"]) == 3
    assert all(f"#{task} " in house("status", *words).out for task in found)


def test_the_board_is_of_what_is_open(house: CommandLine) -> None:
    """What has ended is another verb's."""
    said = house("status", "--state", "done")
    assert (said.code, "known: blocked, queued, running, landing" in said.err) == (2, True)


def test_the_board_tells_how_each_worker_is(house: CommandLine) -> None:
    """What it does, for whom, how many slots are taken, and when it was heard of."""
    rows = house("status").out.split("workers\n")[-1].splitlines()
    assert [row.split()[:2] for row in rows[:3]] == [
        ["w1", "working"],
        ["w3", "gone"],
        ["w2", "draining"],
    ]
    assert "any role   0 of 3 slots  heard of" in rows[0]


def test_what_is_left_out_is_not_said_to_be_missing(house: CommandLine) -> None:
    """A question waits, though not one of that role; a worker runs, though not such a one."""
    assert house("approvals", "--role", "writer").err == ""
    assert house("workers", "--role", "nobody", "--since", "1h").err == ""


def test_the_newest_change_and_the_newest_question(house: CommandLine) -> None:
    """`--latest` stands for the id; a question that was answered is none any more."""
    assert house("changes", "show", "--latest", "--json").document["id"] == 3
    (answered,) = house("approve", "--latest", "--json").document
    assert (answered["id"], answered["state"]) == (2, "approved")
    assert house("approve", "--latest").code == 2
