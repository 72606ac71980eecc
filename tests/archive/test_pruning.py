"""What is old goes to a file before it goes from the store; what is needed stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from deputize import queue
from deputize.archive import pruning as pruning_module
from deputize.archive.file import ArchiveWriter, lines_of
from deputize.archive.leftovers import unrecorded
from deputize.archive.proof import verify_archives
from deputize.archive.pruning import Pruning, prune
from deputize.audit.daily import project
from deputize.errors import NotFound, NotYet, StoreCorrupt
from deputize.model.event import Event
from deputize.model.plan import Plan
from deputize.model.states import ChangeState, TaskState
from deputize.notify.outbox import fan_out
from deputize.store import approvals, archives, attempts, changes, journal, outbox, plans, tasks
from deputize.store.chain import verify
from deputize.store.rows import to_text
from tests.archive.conftest import all_read, left, past, pruned, pruning
from tests.fixtures.databases import Intruder
from tests.fixtures.nouns import an_approval
from tests.fixtures.stories import change_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deputize.queue import Claim
    from deputize.store.database import Transaction
    from tests.fixtures.stories import Story


def test_what_is_old_goes_to_a_file_and_the_chain_is_proven_on(story: Story) -> None:
    """Each row is in the file; the first entry that is kept is chained to the last one there."""
    old = past(story)
    before = verify(story.database)
    (made,) = pruned(story)
    assert left(story) == [4, 5]
    lines = list(lines_of(story.home.archive / made.file))
    kinds = [kind for kind, _ in lines]
    assert [row["id"] for kind, row in lines if kind == "task"] == [task.id for task in old]
    assert (kinds[0], kinds.count("attempt")) == ("archive", 3)
    assert made.stretch is not None
    assert made.stretch.last.seq == made.counts["event"] == kinds.count("event") > 9
    proof = verify(story.database)
    assert (proof.problem, proof.archived_count) == (None, made.counts["event"])
    assert proof.count == before.count - made.counts["event"]
    assert story.sealed()[0].seq == made.counts["event"] + 1
    assert verify_archives(story.database, story.home).whole == (made.file,)
    assert (story.home.archive / made.file).stat().st_mode & 0o777 == 0o600
    assert story.kinds()[-1] == "archive.written"


def test_pruning_again_does_nothing(story: Story) -> None:
    """And the next day's file goes on where the first one ends."""
    past(story)
    pruned(story)
    all_read(story)
    assert pruned(story) == []
    story.pass_time(days=365)
    story.run("later")
    all_read(story)
    (second,) = pruned(story)
    assert second.tasks == ((4, 4),)
    assert left(story) == [5, 6]
    proof = verify_archives(story.database, story.home)
    assert (len(proof.whole), proof.problems, proof.missing) == (2, (), ())
    assert verify(story.database).problem is None


def test_a_task_that_was_archived_is_said_to_be_where(story: Story) -> None:
    """Whatever is asked of it: the day and the file. A number that never was stays unknown."""
    past(story)
    (made,) = pruned(story)
    with story.database.read() as transaction:
        with pytest.raises(NotFound, match=f"#2 was archived on 2027-03-01 to {made.file}"):
            tasks.get(transaction, 2)
        with pytest.raises(NotFound, match="there is no task #99"):
            tasks.get(transaction, 99)


def propose(story: Story, claimed: Claim, **changed: Any) -> None:  # noqa: ANN401 - any field
    """Insert a change of an attempt."""
    change = replace(change_of(claimed, "a.py"), **changed)
    event = Event(kind="change.proposed", actor="worker:w1")
    with story.database.write() as transaction:
        changes.insert(transaction, change, event, story.clock.at)


def worked(story: Story, **attempt: Any) -> Claim:  # noqa: ANN401 - any field
    """Have a task done, and return who did it."""
    story.add("worked on")
    claimed = story.claim()
    with story.database.write() as transaction:
        attempts.save(transaction, claimed.attempt._replace(**attempt))
    story.finish(claimed)
    return claimed


def test_what_others_need_or_is_open_stays(story: Story) -> None:
    """A need of an open task, an open question or change, a workspace; all else goes."""
    need, asked, ordinary = (story.run(f"task {number}") for number in range(3))
    story.ask(asked, "may it?")
    story.ask(None, "a later question")
    proposed, kept = worked(story), worked(story, workspace="/w")
    propose(story, proposed)
    waiting = story.add("waits", state=TaskState.BLOCKED)
    with story.database.write() as transaction:
        tasks.add_need(transaction, waiting.id, need.id)
    past(story, 1)
    story.run("latest")
    latest = worked(story)
    landed = {"state": ChangeState.REJECTED, "settled_at": story.clock.at}
    propose(story, latest, **landed)
    all_read(story)
    (made,) = pruned(story)
    gone = {number for first, last in made.tasks for number in range(first, last + 1)}
    assert gone == {ordinary.id, waiting.id + 1}
    assert {need.id, asked.id, proposed.task.id, kept.task.id} <= set(left(story))


def test_the_newest_of_each_kind_stays(story: Story) -> None:
    """However old: a copy of the store goes on counting from there."""
    early = worked(story)
    propose(story, early, state=ChangeState.REJECTED, settled_at=story.clock.at)
    story.run("gone")
    story.run("newest attempt")
    newest = story.add("newest task")
    queue.cancel(story.database, newest.id, "person:you", story.clock.at)
    story.pass_time(days=365)
    story.tell("worker.started", worker="w1")
    all_read(story)
    (made,) = pruned(story)
    assert made.tasks == ((2, 2),)
    assert left(story) == [1, 3, 4]


def test_a_task_that_is_open_keeps_its_events_and_all_after(story: Story) -> None:
    """What `show` and `audit --task` tell of it is whole."""
    early, opened = (
        story.run("early"),
        story.add("open", not_before=story.clock.at.replace(year=2099)),
    )
    later = story.run("later")
    past(story, 1)
    (made,) = pruned(story)
    assert made.tasks == ((early.id, early.id), (later.id, later.id + 1))
    with story.database.read() as transaction:
        kept = journal.of_task(transaction, opened.id)
        assert [entry.kind for entry in kept] == ["task.queued"]
        assert made.stretch is not None
        assert kept[0].seq == made.stretch.last.seq + 1
        assert journal.of_task(transaction, later.id)


def test_events_may_be_kept_longer_than_tasks(story: Story) -> None:
    """By their own span, each by its own age; the rest of the journal follows when it is old."""
    story.run("old")
    story.pass_time(days=300)
    young = story.tell("worker.started", worker="w1")
    story.pass_time(days=65)
    story.run("today")
    story.add("not begun")
    all_read(story)
    assert [made.stretch for made in pruned(story, events=None)] == [None]
    assert [made.counts["event"] for made in pruned(story, events=180)] == [young - 1]
    with story.database.read() as transaction:
        assert journal.get(transaction, young) is not None


def test_what_is_owed_is_kept(story: Story) -> None:
    """A task whose end has not been delivered yet, and its events."""
    first, second = story.run("one"), story.run("two")
    past(story, 1)
    with story.database.write() as transaction:
        (ended,) = [
            entry for entry in journal.of_task(transaction, second.id) if entry.kind == "task.done"
        ]
        outbox.put(transaction, ended.id, "hook", story.clock.at)
    (made,) = pruned(story)
    assert made.tasks == ((first.id, first.id), (second.id + 1, second.id + 1))
    assert second.id in left(story)


def test_what_nobody_has_read_stays(story: Story) -> None:
    """The daily files and the notifier first."""
    story.run("old")
    story.pass_time(days=365)
    story.run("new")
    story.add("newest")
    story.seal()
    assert pruned(story) == []
    project(story.database, story.home)
    assert pruned(story) == []
    fan_out(story.database, (), story.clock.at)
    assert left(story) == [1, 2, 3]
    assert len(pruned(story)) == 1
    assert left(story) == [2, 3]


def test_a_plan_goes_as_a_whole(story: Story) -> None:
    """Not before its last task is old; then its row is in the file too."""
    _plans(story, 2)
    old = [story.run(f"of a plan {number}", plan=1) for number in range(2)]
    story.pass_time(days=100)
    young = story.run("of the same plan", plan=1)
    story.pass_time(days=100)
    story.run("last")
    all_read(story)
    assert pruned(story, events=None) == []
    story.pass_time(days=100)
    (made,) = pruned(story)
    assert made.tasks == ((old[0].id, young.id),)
    assert made.counts["plan"] == 1


def _plans(story: Story, count: int) -> None:
    with story.database.write() as transaction:
        for number in range(1, count + 1):
            plan = Plan(id=number, title="p", origin="file", key=None, key_digest=None,
                        created_at=story.clock.at)  # fmt: skip
            plans.insert(transaction, plan, Event(kind="plan.queued", actor="person:you"),
                         story.clock.at)  # fmt: skip


def test_logs_go_first_and_are_in_the_file(story: Story) -> None:
    """A log with an odd byte and one of nothing, and answers beside them; the attempts stay."""
    folder = story.home.logs / "attempts"
    folder.mkdir(parents=True)
    claims = []
    for number, content in enumerate((b"ok \xff \xc3\xbc\n" * 50_000, b"")):
        story.add(f"task {number}")
        claims.append(story.claim())
        path = folder / f"{number}.log"
        path.write_bytes(content)
        path.with_suffix(".answer").write_bytes(b"of no use")
        with story.database.write() as transaction:
            attempts.save(transaction, claims[-1].attempt._replace(log=str(path)))
        story.finish(claims[-1])
    past(story, 0)
    (made,) = pruned(story, logs=30, tasks=None, events=None)
    assert (made.counts, made.tasks) == ({"log": 2, "log_bytes": 400_000}, ())
    assert list(folder.iterdir()) == []
    rows = [row for kind, row in lines_of(story.home.archive / made.file) if kind == "log"]
    text = "".join(str(row["text"]) for row in rows if row["attempt"] == claims[0].attempt.id)
    assert text == "ok \ufffd ü\n" * 50_000
    with story.database.read() as transaction:
        assert attempts.get(transaction, claims[0].attempt.id).log is None
        found = archives.of_log(transaction, claims[0].attempt.id)
        assert found is not None
        assert found.file == made.file
    assert pruned(story, logs=30, tasks=None, events=None) == []


def test_many_go_in_small_steps(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file for each; the chain goes through all of them."""
    monkeypatch.setattr("deputize.archive.pruning.MOST_TASKS", 2)
    monkeypatch.setattr("deputize.archive.pruning.MOST_ENTRIES", 5)
    past(story, 5)
    made = pruned(story)
    assert [archive.tasks for archive in made[:3]] == [((1, 2),), ((3, 4),), ((5, 5),)]
    assert made[1].file == "archive-2027-03-01-2.jsonl.gz"
    assert len(verify_archives(story.database, story.home).whole) == len(made) > 3
    assert verify(story.database).archived_count == sum(
        each.counts.get("event", 0) for each in made
    )


def ask(transaction: Transaction, now: datetime) -> None:
    """Open a question about the first task."""
    approvals.ask(transaction, an_approval(task=1), "landing", now)


def need(transaction: Transaction, now: datetime) -> None:
    """Let an open task need the first one."""
    del now
    tasks.add_need(transaction, 5, 1)


def revive(transaction: Transaction, now: datetime) -> None:
    """Set the first task going again."""
    old = tasks.lock(transaction, 1)
    queued = old._replace(state=TaskState.QUEUED, finished_at=None)
    transaction.run("tasks.save", **tasks._values(queued, tasks._SAVED), ready_at=to_text(now))


def touch(transaction: Transaction, now: datetime) -> None:
    """Change a row that belongs to the first task."""
    attempts.workspace_removed(transaction, 1, now)


@pytest.mark.parametrize("meanwhile", [ask, need, revive, touch])
def test_a_task_that_is_changed_meanwhile_stays(
    story: Story,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[Transaction, datetime], None],
) -> None:
    """Between the writing and the deleting: nothing of that file is deleted, nor is it kept."""
    past(story)
    write = pruning_module._write

    def and_somebody_acts(who: Pruning, batch: Any, writer: ArchiveWriter) -> None:  # noqa: ANN401
        write(who, batch, writer)
        if batch.tasks:
            with story.database.write() as transaction:
                meanwhile(transaction, story.clock.at)

    monkeypatch.setattr(pruning_module, "_write", and_somebody_acts)
    assert [(made.tasks, made.counts["event"]) for made in pruned(story)] == [((), 1)]
    assert left(story) == [1, 2, 3, 4, 5]
    assert unrecorded(story.database, story.home) == []
    assert verify(story.database).problem is None


def test_one_process_prunes_at_a_time(story: Story) -> None:
    """The other is told to come again."""
    past(story)
    first = prune(pruning(story))
    assert next(first).counts["task"] == 3
    with pytest.raises(NotYet, match="another process is pruning"):
        pruned(story)
    assert list(first) == []
    assert pruned(story) == []


def test_a_journal_that_was_changed_is_not_archived(story: Story) -> None:
    """What would prove it stays."""
    past(story)
    intruder = Intruder(story.kind, story.home.path)
    intruder.unlock()
    intruder.run("UPDATE events SET actor = 'x' WHERE id = 3")
    intruder.close()
    with pytest.raises(StoreCorrupt, match="changed at entry 3"):
        pruned(story)
    assert len(left(story)) == 5
    assert list(story.home.archive.glob("*.gz")) == []


def test_the_database_lets_nothing_go_that_is_not_archived(story: Story) -> None:
    """Neither before nor after: the trigger knows the anchor, and the anchor can't be moved."""
    past(story)
    intruder = Intruder(story.kind, story.home.path)
    for _ in range(2):
        for statement in ("DELETE FROM events", "DELETE FROM seals", "UPDATE events SET at = at"):
            with pytest.raises(intruder.refusal, match="append-only"):
                intruder.run(statement)
        pruned(story)
    for statement in ("DELETE FROM archives", "UPDATE archives SET last_seq = 1000"):
        with pytest.raises(intruder.refusal, match="on record"):
            intruder.run(statement)
    intruder.close()
