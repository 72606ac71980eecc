"""Killed at any step, pruning has lost nothing, and the next one ends what that one began."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.archive.file import lines_of
from deputize.archive.leftovers import unrecorded
from deputize.archive.proof import verify_archives
from deputize.store import archives, attempts
from deputize.store.chain import verify
from tests.archive.conftest import all_read, left

if TYPE_CHECKING:
    from tests.fixtures.stories import Story

ROOT = Path(__file__).resolve().parents[2]
TASKS = 5
MOST_STEPS = 200


def logged(story: Story) -> None:
    """Have a task done that has left a log."""
    story.add("logged")
    claimed = story.claim()
    path = story.home.logs / "attempts" / f"{claimed.task.id}-1.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"log {claimed.task.id}")
    with story.database.write() as transaction:
        attempts.save(transaction, claimed.attempt._replace(log=str(path)))
    story.finish(claimed)


def proven(story: Story) -> None:
    """See that the chain holds through store and files, and that nothing is anywhere twice."""
    assert verify(story.database).problem is None
    proof = verify_archives(story.database, story.home)
    assert (proof.problems, proof.missing) == ((), ())
    with story.database.read() as transaction:
        known = archives.listing(transaction)
    lines = [line for each in known for line in lines_of(story.home.archive / each.file)]
    archived = Counter(row["id"] for kind, row in lines if kind == "task")
    assert archived + Counter(left(story)) == Counter(range(1, TASKS + 2))
    logs = {row["attempt"] for kind, row in lines if kind == "log"}
    there = list((story.home.logs / "attempts").iterdir())
    assert len(logs) + len(there) >= TASKS
    places = [row["seq"] for kind, row in lines if kind == "event"]
    assert places == list(range(1, len(places) + 1))


def test_killed_at_any_step_it_loses_nothing(story: Story) -> None:
    """The process dies before its first step, the next one before its second, and so on."""
    for _ in range(TASKS):
        logged(story)
    story.run("newest")
    all_read(story)
    for step in range(1, MOST_STEPS):
        argv = [sys.executable, "-m", "tests.archive.doomed"]
        argv += [story.kind, str(story.home.path), str(step)]
        ended = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True)
        proven(story)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert left(story) == [TASKS + 1]
    assert unrecorded(story.database, story.home) == []
    assert list(story.home.archive.glob(".archive*")) == []
    assert list((story.home.logs / "attempts").iterdir()) == []
    assert step > 12
