"""Pruning from the command line, and what is said of the archived afterwards."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from deputize.store import attempts, workers
from tests.archive.conftest import all_read
from tests.fixtures.stories import Story, open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.surfaces.cli.conftest import CommandLine


@pytest.fixture
def story(deputize: CommandLine) -> Iterator[Story]:
    """Give the command line's home a past of two tasks with logs, and one of today."""
    for story in open_story("sqlite", deputize.home):
        for number in range(3):
            story.add(f"task {number}", key=f"k{number}", key_digest="d")
            claimed = story.claim()
            log = story.home.logs / "attempts" / f"{number + 1}-1.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"did {number}\n")
            with story.database.write() as transaction:
                attempts.save(transaction, claimed.attempt._replace(log=str(log)))
            story.finish(claimed)
            story.pass_time(seconds=1)
        with story.database.write() as transaction:
            workers.stop(transaction, "w1", story.clock.at)
        all_read(story)
        yield story


def test_a_dry_run_says_what_would_go_and_pruning_does_it(
    deputize: CommandLine, story: Story
) -> None:
    """The same counts; data on stdout, the second time nothing."""
    would = deputize("prune", "--older-than", "1d", "--dry-run", "--json").document
    assert (would["tasks"], would["attempts"], would["log_files"]) == (2, 2, 3)
    assert (would["log_bytes"], would["dry_run"], would["files"]) == (18, True, [])
    assert not story.home.archive.exists()
    did = deputize("prune", "--older-than", "1d", "--json")
    assert {**did.document, "dry_run": True, "files": []} == would
    assert [story.home.archive / name for name in did.document["files"]] == list(
        story.home.archive.glob("*.gz")
    )
    again = deputize("prune", "--older-than", "1d")
    assert (again.code, again.out) == (
        0,
        "archived: 0 tasks, 0 attempts, 0 events, 0 log files (0.0 MiB)\n",
    )


def test_progress_is_told_on_stderr(deputize: CommandLine, story: Story) -> None:
    """A line for each file; the sum on stdout."""
    said = deputize("prune", "--older-than", "1d")
    assert said.out.startswith("archived: 2 tasks, 2 attempts, ")
    assert ".jsonl.gz: 2 tasks and " in said.err
    del story


def test_the_settings_say_how_long(deputize: CommandLine, story: Story) -> None:
    """Nothing for ever; a wrong span is named."""
    deputize.configure("[retention]\nlogs_seconds = 0\ntasks_seconds = 0\nevents_seconds = 0\n")
    assert deputize("prune", "--json").document["files"] == []
    deputize.configure('[retention]\nlogs_seconds = "long"\n')
    wrong = deputize("prune")
    assert wrong.code == 3
    assert "`retention.logs_seconds` must be a duration such as 12h or 90d" in wrong.err
    del story


@pytest.mark.parametrize("verb", ["show", "logs", "wait", "retry", "diff", "result"])
def test_whoever_asks_for_an_archived_task_is_told_the_file(
    deputize: CommandLine, story: Story, verb: str
) -> None:
    """Exit 2, with what shows it."""
    (file, *_) = deputize("prune", "--older-than", "1d", "--json").document["files"]
    said = deputize(verb, "1")
    assert (said.code, said.out) == (2, "")
    assert "#1 was archived on 2" in said.err
    assert f"to {file}" in said.err
    assert "hint: `gzip -cd" in said.err
    del story


def test_a_log_that_was_archived_is_said_to_be_where(deputize: CommandLine, story: Story) -> None:
    """Its task is still there."""
    deputize("prune", "--older-than", "1d")
    assert deputize("show", "3").code == 0
    said = deputize("logs", "3")
    assert said.code == 2
    assert "the log of attempt 1 of #3 was archived on" in said.err
    assert "was archived on" in deputize("logs", "3", "-f").out
    del story


def test_the_trail_is_verified_through_the_files(deputize: CommandLine, story: Story) -> None:
    """Gone is no fault, changed is; the doctor sees either at a glance."""
    (file, *_) = deputize("prune", "--older-than", "1d", "--json").document["files"]
    story.seal()
    verified = deputize("audit", "verify", "--json").document
    assert (verified["ok"], verified["archives"]["whole"]) == (True, [file])
    assert verified["archived_count"] > 0
    assert "1 files, all there" in deputize("doctor").out
    path = story.home.archive / file
    path.rename(path.with_name("away"))
    gone = deputize("audit", "verify")
    assert (gone.code, f"{file} is not here" in gone.out) == (0, True)
    assert f"{file} is missing" in deputize("doctor").out
    path.write_bytes(path.with_name("away").read_bytes()[:-1] + b"x" * 3)
    changed = deputize("audit", "verify")
    assert (changed.code, f"{file} was changed" in changed.out) == (1, True)
    assert f"{file} has another size" in deputize("doctor").out


def test_a_store_that_keeps_too_much_is_seen(deputize: CommandLine, story: Story) -> None:
    """By the settings' own measure, and a file that is not on record."""
    assert "older than they are to be kept" in deputize("doctor").out
    deputize.configure("[retention]\ntasks_seconds = 0\n")
    story.home.archive.mkdir()
    (story.home.archive / "archive-2020-01-01.jsonl.gz").write_bytes(b"x")
    said = deputize("doctor").out
    assert "older than they are to be kept" not in said
    assert "archive-2020-01-01.jsonl.gz is not on record" in said


def test_a_key_is_forgotten_with_its_task(deputize: CommandLine, story: Story) -> None:
    """The same key is a new task then."""
    assert deputize("add", "x", "--key", "k0", "--no-start").code == 2
    deputize("prune", "--older-than", "1d")
    added = deputize("add", "x", "--key", "k0", "--no-start", "-q")
    assert (added.code, int(added.out)) == (0, 4)
    del story


def test_a_copy_of_a_pruned_store_goes_on_where_it_was(
    deputize: CommandLine, story: Story, tmp_path: Path
) -> None:
    """No number is used again, and its trail is proven from the anchor on."""
    deputize("prune", "--older-than", "1d")
    story.seal()
    elsewhere = tmp_path / "copy" / "deputize.db"
    assert deputize("store", "copy", "--to", f"sqlite://{elsewhere}").code == 0
    home = str(elsewhere.parent)
    added = deputize("add", "x", "--no-start", "-q", DEPUTIZE_HOME=home)
    assert added.out == "4\n"
    assert deputize("show", "1", DEPUTIZE_HOME=home).code == 2
    shutil.copytree(story.home.archive, elsewhere.parent / "archive")
    assert "1 archive files whole" in deputize("audit", "verify", DEPUTIZE_HOME=home).out


def test_a_backup_is_restored_as_documented(
    deputize: CommandLine, story: Story, tmp_path: Path
) -> None:
    """Put in place, without what the old one left beside it: all is there, and proven."""
    backup = tmp_path / "backup.db"
    assert deputize("store", "backup", str(backup)).code == 0
    story.database.close()
    deputize.add("after the backup")
    for rest in ("-wal", "-shm"):
        (deputize.home / f"deputize.db{rest}").unlink(missing_ok=True)
    shutil.copy(backup, deputize.home / "deputize.db")
    listed = deputize("list", "--all", "--json").document
    assert sorted(task["id"] for task in listed) == [1, 2, 3]
    assert deputize("audit", "verify").code == 0
    assert deputize.add("goes on") == 4
    doctor = deputize("doctor").out
    assert "backup" in doctor
    assert "none yet" not in doctor.partition("backup")[2].splitlines()[0]


def test_an_age_may_be_as_long_as_anything_is_kept(deputize: CommandLine) -> None:
    """Longer than a year, which is the most that other durations may be."""
    would = deputize("prune", "--older-than", "400d", "--dry-run")
    assert (would.code, would.out[:19]) == (0, "would go: 0 tasks, ")
    assert deputize("prune", "--older-than", "0").code == 2
