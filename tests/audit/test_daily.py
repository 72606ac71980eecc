"""The daily files: complete, in order, repaired after a crash."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rfc8785

from deputize.audit.daily import project
from deputize.audit.rebuild import problems, rebuild
from deputize.errors import StoreCorrupt, StoreUnavailable
from deputize.model.event import Event
from deputize.store import chain, journal
from tests.fixtures.databases import Intruder
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.stories import Story

ROOT = Path(__file__).resolve().parents[2]
DAY = "audit-2026-03-01.jsonl"


def lines_of(story: Story, name: str = DAY) -> list[bytes]:
    """Return the lines of a daily file."""
    return (story.home.audit / name).read_bytes().splitlines(keepends=True)


def told(story: Story) -> Story:
    """Seal and project what a task left in the journal."""
    story.run()
    story.seal()
    project(story.database, story.home)
    return story


def test_each_sealed_entry_is_a_line_of_its_day(story: Story) -> None:
    """Lines are in the chain's order, a day is a day of UTC, files are for their owner only."""
    story.run()
    story.pass_time(days=1)
    story.run()
    story.seal()
    count = len(story.sealed())
    assert project(story.database, story.home) == count
    names = sorted(path.name for path in story.home.audit.glob("audit-*"))
    assert names == [DAY, "audit-2026-03-02.jsonl"]
    found = [json.loads(line)["seq"] for name in names for line in lines_of(story, name)]
    assert found == list(range(1, count + 1))
    assert stat.S_IMODE((story.home.audit / DAY).stat().st_mode) == 0o600
    assert problems(story.database, story.home) == []


def test_the_files_alone_prove_the_chain(story: Story) -> None:
    """Each line, without its hash, has the hash that it names after that of the line before."""
    told(story)
    previous = journal.FIRST_HASH
    for line in lines_of(story):
        content = json.loads(line)
        claimed = content.pop("hash")
        previous = hashlib.sha256(previous.encode() + rfc8785.dumps(content)).hexdigest()
        assert previous == claimed


def test_projecting_again_adds_only_what_is_new(story: Story) -> None:
    """What isn't sealed is not written, what is written is not written twice."""
    told(story)
    before = lines_of(story)
    story.run()
    assert project(story.database, story.home) == 0
    assert lines_of(story) == before
    story.seal()
    assert project(story.database, story.home) > 0
    assert lines_of(story)[: len(before)] == before
    assert problems(story.database, story.home) == []


def test_more_than_one_batch_is_projected_whole(story: Story) -> None:
    """A long backlog, over a midnight, ends up in its files without a gap."""
    with story.database.write() as transaction:
        for _ in range(1300):
            story.pass_time(minutes=2)
            event = Event(kind="worker.drain_requested", actor="queue", body={"a": "é\u2028"})
            journal.append(transaction, event, story.clock.at)
    story.seal()
    assert project(story.database, story.home) == 1301
    assert problems(story.database, story.home) == []


@pytest.mark.parametrize("torn", [b'{"actor":"que', b"\0" * 5000, b'{"seq":99999}\n{"se'])
def test_what_a_crash_left_at_the_end_is_repaired(story: Story, torn: bytes) -> None:
    """A torn line, blocks that were never written, lines beyond the cursor: all are cut off."""
    told(story)
    with (story.home.audit / DAY).open("ab") as file:
        file.write(torn)
    told(story)
    seqs = [json.loads(line)["seq"] for line in lines_of(story)]
    assert seqs == list(range(1, len(story.sealed()) + 1))
    assert problems(story.database, story.home) == []


PROJECT_FOR_EVER = """
import sys
from pathlib import Path
from deputize.audit.daily import project
from deputize.config.home import Home
from deputize.model.event import Event
from deputize.store import chain, journal
from tests.fixtures.databases import open_database
from datetime import datetime, UTC

home = Home(Path(sys.argv[2]))
database = open_database(sys.argv[1], home.path)
while True:
    with database.write() as transaction:
        for _ in range(20):
            event = Event(kind="worker.drain_requested", actor="queue", body={"x": "y" * 500})
            journal.append(transaction, event, datetime(2026, 3, 1, tzinfo=UTC))
        chain.seal(transaction)
    project(database, home)
"""


def test_a_projection_that_is_killed_at_any_moment_goes_on_without_a_gap(story: Story) -> None:
    """After each `kill -9`, the files become complete again and no line is there twice."""
    for _ in range(5):
        before = len(story.sealed())
        with subprocess.Popen(
            [sys.executable, "-c", PROJECT_FOR_EVER, story.kind, str(story.home.path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as running:
            wait_until(lambda: len(story.sealed()) > before + 40)  # noqa: B023 - used at once
            running.send_signal(signal.SIGKILL)
        story.seal()
        project(story.database, story.home)
        assert problems(story.database, story.home) == []
        seqs = [json.loads(line)["seq"] for line in lines_of(story)]
        assert all(after == before + 1 for before, after in pairwise(seqs))
        assert len(seqs) == len(story.sealed())


def test_a_folder_that_can_not_be_written_loses_nothing(story: Story) -> None:
    """The error is ours, and what is missing is written once it can be."""
    story.run()
    story.seal()
    story.home.audit.write_text("in the way")
    with pytest.raises(StoreUnavailable):
        project(story.database, story.home)
    story.home.audit.unlink()
    assert project(story.database, story.home) == len(story.sealed())


def test_a_deleted_file_is_reported_and_rebuilt_and_told(story: Story) -> None:
    """Rebuilding restores it to the byte, says which it was, and the journal says so too."""
    told(story)
    content = (story.home.audit / DAY).read_bytes()
    (story.home.audit / DAY).unlink()
    assert problems(story.database, story.home) == [f"{DAY} is missing"]
    restored = rebuild(story.database, story.home, actor="person:you", now=story.clock.at)
    assert restored == (DAY,)
    assert (story.home.audit / DAY).read_bytes() == content
    assert stat.S_IMODE((story.home.audit / DAY).stat().st_mode) == 0o600
    assert story.kinds()[-1] == "audit.rebuilt"
    assert problems(story.database, story.home) == []
    story.seal()
    assert project(story.database, story.home) == 1
    assert problems(story.database, story.home) == []


def test_a_file_that_was_deleted_while_its_day_went_on_is_reported(story: Story) -> None:
    """Later lines do not hide that the earlier ones are gone."""
    told(story)
    (story.home.audit / DAY).unlink()
    told(story)
    assert problems(story.database, story.home) == [
        f"{DAY} lacks lines of the journal: entry 1 is missing: line 1 has entry 6"
    ]
    assert rebuild(story.database, story.home, actor="person:you", now=story.clock.at) == (DAY,)
    assert problems(story.database, story.home) == []


def test_a_file_that_was_changed_is_reported_and_kept_aside(story: Story) -> None:
    """Rebuilding does not destroy the evidence of what was done to the file."""
    told(story)
    path = story.home.audit / DAY
    forged = path.read_bytes().replace(b"person:you", b"person:foe")
    path.write_bytes(forged)
    assert problems(story.database, story.home) == [
        f"{DAY} differs from the journal: entry 2, in line 2, was changed"
    ]
    rebuild(story.database, story.home, actor="person:you", now=story.clock.at)
    assert problems(story.database, story.home) == []
    (aside,) = story.home.audit.glob(f"{DAY}.replaced-*")
    assert aside.read_bytes() == forged


def test_lines_that_nobody_told_are_reported(story: Story) -> None:
    """A forged line at the end, or a forged file, is no part of the journal."""
    told(story)
    with (story.home.audit / DAY).open("ab") as file:
        file.write(b'{"seq":100000}\n')
    (story.home.audit / "audit-2020-01-01.jsonl").write_text("{}\n")
    what = "has lines that are not in the journal"
    assert problems(story.database, story.home) == [
        f"audit-2020-01-01.jsonl {what}: line 1 is none of its entries",
        f"{DAY} {what}: line 6 is none of its entries",
    ]


def test_rebuilding_what_is_whole_changes_nothing(story: Story) -> None:
    """No file is replaced that is as it should be."""
    told(story)
    before = (story.home.audit / DAY).stat().st_ino
    assert rebuild(story.database, story.home, actor="person:you", now=story.clock.at) == ()
    assert (story.home.audit / DAY).stat().st_ino == before


def test_a_flipped_bit_in_the_journal_is_found_and_named(story: Story) -> None:
    """Who gets around the trigger and changes a row is found by the chain, and by the files."""
    told(story)
    assert chain.verify(story.database).broken is None
    victim = story.sealed()[2]
    with closing(Intruder(story.kind, story.home.path)) as intruder:
        intruder.unlock()
        intruder.run(
            "UPDATE events SET actor = 'X' || substr(actor, 2) WHERE id = :id", id=victim.id
        )
    proof = chain.verify(story.database)
    assert proof.broken is not None
    assert proof.broken.id == victim.id
    assert proof.problem == "entry 3 does not match its hash"
    assert problems(story.database, story.home) == [
        f"{DAY} differs from the journal: entry 3, in line 3, was changed"
    ]
    content = (story.home.audit / DAY).read_bytes()
    with pytest.raises(StoreCorrupt, match="entry 3"):
        rebuild(story.database, story.home, actor="person:you", now=story.clock.at)
    assert (story.home.audit / DAY).read_bytes() == content


def _flipped(lines: list[bytes]) -> list[bytes]:
    middle = bytearray(lines[1])
    middle[40] ^= 1
    return [lines[0], bytes(middle), *lines[2:]]


@pytest.mark.parametrize(
    ("meddle", "told_of"),
    [
        (_flipped, "entry 2, in line 2, was changed"),
        (lambda lines: [lines[0], *lines[2:]], "entry 2 is missing: line 2 has entry 3"),
        (
            lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
            "entry 2 is out of order: line 2 has entry 3",
        ),
        (lambda lines: lines[:-1], "it ends before entry 5"),
        (lambda lines: [*lines[:-1], lines[-1][:-9]], "it breaks off in line 5, entry 5"),
        (lambda _: [], "it ends before entry 1"),
        (lambda lines: [b"[" * 100_000 + b"\n", *lines[1:]], "entry 1, in line 1, was changed"),
        (lambda lines: [*lines, lines[-1]], "line 6 is none of its entries"),
    ],
)
def test_what_was_done_to_a_file_is_named_by_line_and_entry(
    story: Story, meddle: Callable[[list[bytes]], list[bytes]], told_of: str
) -> None:
    """One flipped bit, a line that was removed, reordered, added, and a file that was cut."""
    told(story)
    lines = lines_of(story)
    assert len(lines) == 5
    (story.home.audit / DAY).write_bytes(b"".join(meddle(lines)))
    (problem,) = problems(story.database, story.home)
    assert problem.startswith(f"{DAY} ")
    assert problem.endswith(f": {told_of}")
