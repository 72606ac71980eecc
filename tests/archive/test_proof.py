"""Whatever was pruned, all is proven; whatever is changed then, in store or file, is found."""

from __future__ import annotations

import gzip
import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deputize.archive import pruning as pruning_module
from deputize.archive.file import line_of, lines_of
from deputize.archive.leftovers import remove_leftovers, unrecorded
from deputize.archive.proof import verify_archives
from deputize.audit.daily import drop_archived
from deputize.audit.rebuild import problems, rebuild
from deputize.audit.trail import records
from deputize.store import meta
from deputize.store.chain import verify
from tests.archive.conftest import all_read, past, pruned
from tests.fixtures.databases import Intruder
from tests.fixtures.stories import Story, open_story

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.model.archive import Archive


def proven(story: Story) -> bool:
    """Tell whether nothing is found to be wrong."""
    archives = verify_archives(story.database, story.home)
    return not (verify(story.database).problem or archives.problems or archives.missing)


def tampered(story: Story, statement: str, **values: int) -> None:
    """Let an intruder do something to the store."""
    with closing(Intruder(story.kind, story.home.path)) as intruder:
        intruder.unlock()
        for name in ("archives_are_not_changed", "archives_are_not_deleted"):
            rest = " ON archives" if story.kind == "postgres" else ""
            intruder.run(f"DROP TRIGGER {name}{rest}")
        intruder.run(statement, **values)


SLIPPED_IN = """
INSERT INTO events
VALUES (1, '2026-03-01T12:00:00.000000Z', 'task.done', 'queue', 9, NULL, NULL, NULL, NULL, '{}')
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE archives SET last_hash = 'x' || substr(last_hash, 2)",
        "UPDATE archives SET last_seq = last_seq - 1, last_event = last_event - 1",
        "UPDATE archives SET sha256 = 'x' || substr(sha256, 2)",
        "UPDATE archives SET before_hash = last_hash",
        "UPDATE archives SET file = 'archive-2027-01-01.jsonl.gz'",
        "DELETE FROM archives",
        "DELETE FROM seals",
        "DELETE FROM seals WHERE seq = (SELECT min(seq) FROM seals)",
        "UPDATE events SET actor = 'x' WHERE id = (SELECT min(id) FROM events)",
        SLIPPED_IN,
    ],
)
def test_a_change_of_the_record_or_of_what_follows_is_found(story: Story, statement: str) -> None:
    """The anchor is held by the next entry's hash, and by the event that tells of it."""
    past(story)
    pruned(story)
    all_read(story)
    assert proven(story)
    tampered(story, statement)
    assert not proven(story)


def test_a_file_that_is_gone_is_missing_and_the_rest_is_proven(story: Story) -> None:
    """That is no fault: it may lie elsewhere. One that was written anew is one."""
    past(story)
    (made,) = pruned(story)
    path = story.home.archive / made.file
    kept = path.rename(path.with_name("elsewhere"))
    found = verify_archives(story.database, story.home)
    assert (found.missing, found.problems) == ((made.file,), ())
    assert verify(story.database).problem is None
    path.write_bytes(gzip.compress(b"".join(line_of(*line) for line in lines_of(kept))))
    assert "was changed" in verify_archives(story.database, story.home).problems[0]


def test_a_file_that_is_not_on_record_stays_unless_all_of_it_is_in_the_store(story: Story) -> None:
    """It may be the only place, where a backup was put back that is older."""
    past(story)
    (made,) = pruned(story)
    path = story.home.archive / made.file
    stranger = shutil.copy(path, path.with_name("archive-2027-02-01.jsonl.gz"))
    torn = path.with_name("archive-2027-02-02.jsonl.gz")
    torn.write_bytes(path.read_bytes()[:200])
    remove_leftovers(story.database, story.home)
    assert unrecorded(story.database, story.home) == [stranger, torn]


@pytest.mark.parametrize("store", ["another", None])
def test_a_file_of_another_store_stays_whatever_the_numbers_in_it(
    story: Story, store: str | None
) -> None:
    """A new store in an old home counts its tasks from 1 again; so may one that was put back."""
    task = story.add("of this store").id
    with story.database.read() as transaction:
        store = store or meta.store_name(transaction)
    head = line_of("archive", {"store": store})
    row = line_of("task", {"id": task, "created_at": "2020-01-01"})
    path = story.home.archive / "archive-2020-01-01.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(head + row))
    remove_leftovers(story.database, story.home)
    assert path.exists()


@pytest.mark.parametrize("of", ["archive", "task", "log", "event"])
@pytest.mark.parametrize("row", ["{}", "[]", "7"])
def test_a_file_that_is_none_of_ours_stops_nothing(story: Story, of: str, row: str) -> None:
    """It stays as it is."""
    path = story.home.archive / "archive-2020-01-01.jsonl.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(f'{{"kind": "{of}", "row": {row}}}\n'.encode()))
    remove_leftovers(story.database, story.home)
    assert path.exists()


def test_what_is_no_file_is_not_looked_into(story: Story) -> None:
    """A pipe would be waited for as long as nobody writes into it."""
    story.home.archive.mkdir(parents=True, exist_ok=True)
    os.mkfifo(story.home.archive / "archive-2020-01-01.jsonl.gz")
    (story.home.archive / "archive-2020-01-02.jsonl.gz").symlink_to("nowhere")
    assert unrecorded(story.database, story.home) == []


def test_the_daily_files_follow(story: Story) -> None:
    """Days that are archived whole go; nobody misses them, or the part of a day, or rebuilds it."""
    past(story)
    assert problems(story.database, story.home) == []
    (made,) = pruned(story)
    assert made.stretch is not None
    assert problems(story.database, story.home) == []
    assert drop_archived(story.database, story.home) == ["audit-2026-03-01.jsonl"]
    assert problems(story.database, story.home) == []
    assert rebuild(story.database, story.home, actor="person:you", now=story.clock.at) == ()
    all_read(story)
    assert problems(story.database, story.home) == []


def test_a_day_that_is_archived_in_part_is_compared_and_rebuilt_from_there(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first lines stay as they are; what is wrong in the others is found and mended."""
    monkeypatch.setattr(pruning_module, "MOST_ENTRIES", 5)
    monkeypatch.setattr(pruning_module, "anchor_of", lambda _: None)
    past(story)
    made = pruned(story)[-1]
    assert made.stretch is not None
    first = made.stretch.last.seq + 1
    path = story.home.audit / "audit-2026-03-01.jsonl"
    assert drop_archived(story.database, story.home) == []
    assert problems(story.database, story.home) == []
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"seq":%d,' % first, b'"sEq":%d,' % first))
    assert problems(story.database, story.home) == [
        f"{path.name} differs from the journal: entry {first}, in line {first}, was changed"
    ]
    mended = rebuild(story.database, story.home, actor="person:you", now=story.clock.at)
    assert (mended, path.read_bytes()) == ((path.name,), whole)


def test_records_of_what_was_archived_are_left_out(story: Story) -> None:
    """Though events of it are still there: they go when all before them may."""
    story.add("open", not_before=story.clock.at.replace(year=2099))
    past(story)
    assert len(records(story.database)) == 4
    pruned(story)
    assert "attempt.finished" in story.kinds()[:10]
    assert [record.task.title for record in records(story.database)] == ["today"]


STEPS = st.lists(
    st.sampled_from(("run", "add", "ask", "wait", "prune", "prune")), min_size=4, max_size=14
)


def played(story: Story, steps: list[str]) -> list[Archive]:
    """Let things happen, each on a day of its own, and prune in between."""
    made: list[Archive] = []
    for step in ("run", "run", *steps, "run", "wait", "prune"):
        story.pass_time(days=1)
        match step:
            case "run":
                story.run("a task")
            case "add":
                story.add("later", not_before=story.clock.at.replace(year=2099))
            case "ask":
                story.ask(None, "may it?")
            case "wait":
                story.pass_time(days=40)
            case _:
                all_read(story)
                made += pruned(story, logs=None, tasks=30, events=20)
    all_read(story)
    return made


def flipped(path: Path, place: int) -> None:
    """Flip a bit of a file."""
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1
    path.write_bytes(content)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, place=st.integers(0, 1 << 30), data=st.data())
def test_whatever_was_pruned_is_proven_and_a_flipped_bit_is_found(
    kind: str,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[str],
    place: int,
    data: st.DataObject,
) -> None:
    """In any file, at any place of it; and in any entry that is still in the store."""
    folder = tmp_path_factory.mktemp("property") / "deputize"
    for story in open_story(kind, folder):
        made = played(story, steps)
        assert proven(story)
        for archive in made:
            path = story.home.archive / archive.file
            whole = path.read_bytes()
            flipped(path, place)
            assert not proven(story)
            path.write_bytes(whole)
        assert proven(story)
        entry = data.draw(st.sampled_from(story.sealed()))
        tampered(story, "UPDATE events SET actor = actor || 'x' WHERE id = :id", id=entry.id)
        assert not proven(story)
