"""The mirror: repeats the trail in the checkout, and writes nowhere else."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from deputize.audit.mirror import mirror, mirror_new
from deputize.audit.rendering import as_markdown
from deputize.audit.trail import records
from deputize.errors import ConfigError
from deputize.landing.records import land, step
from deputize.model.states import ChangeState
from deputize.store import changes
from tests.fixtures.repositories import Folder, make_project
from tests.fixtures.stories import change_of

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.model.task import Task
    from tests.fixtures.stories import Story

PATHS = [".deputize/audit.md", "audit.jsonl"]


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Make a repository of the user's."""
    return make_project(tmp_path / "project")


def run_in(story: Story, project: Folder, prompt: str = "Fix the typo") -> Task:
    """Let a task of the repository end."""
    place = {"repo": str(project.path), "git_dir": str(project.git_dir), "target": "main"}
    task = story.run(prompt, role="inspector", **place)
    story.seal()
    return task


def update(story: Story, project: Folder, path: str) -> int:
    """Bring the mirror up to date."""
    return mirror(story.database, project.path, project.git_dir, path)


def test_the_page_repeats_the_trail_and_grows(story: Story, project: Folder) -> None:
    """What was appended bit by bit is what would be written at once."""
    for _ in range(3):
        run_in(story, project)
        assert update(story, project, PATHS[0]) == 1
        assert update(story, project, PATHS[0]) == 0
    page = (project.path / PATHS[0]).read_text()
    assert page == as_markdown(records(story.database))
    assert page.count("## #") == 3


def test_json_lines_are_appended_too(story: Story, project: Folder) -> None:
    """One line per attempt, in order."""
    for _ in range(2):
        run_in(story, project)
        update(story, project, PATHS[1])
    lines = (project.path / PATHS[1]).read_text().splitlines()
    assert [json.loads(line)["task"] for line in lines] == [1, 2]


def test_other_repositories_are_not_in_it(story: Story, project: Folder, tmp_path: Path) -> None:
    """A checkout shows the trail of its own repository."""
    run_in(story, make_project(tmp_path / "other"))
    run_in(story, project, "Here")
    update(story, project, PATHS[1])
    (line,) = (project.path / PATHS[1]).read_text().splitlines()
    assert json.loads(line)["title"] == "Here"


@pytest.mark.parametrize("path", PATHS)
def test_git_does_not_see_it(story: Story, project: Folder, path: str) -> None:
    """It is excluded once, and the user's lines in that file stay."""
    exclude = project.git_dir / "info" / "exclude"
    exclude.write_text("*.tmp")
    for _ in range(2):
        run_in(story, project)
        update(story, project, path)
    assert project.git("status", "--porcelain").strip() == ""
    assert exclude.read_text() == f"*.tmp\n/{path}\n"
    assert stat.S_IMODE((project.path / path).stat().st_mode) == 0o600


def test_a_path_with_odd_characters_is_excluded_as_itself(story: Story, project: Folder) -> None:
    """What means something in an exclude file means nothing in the path."""
    path = "#[a] *!b?.md"
    run_in(story, project)
    update(story, project, path)
    (project.path / "#[a] xx!bb.md").write_text("another")
    status = project.git("status", "--porcelain", "-z").strip("\0")
    assert status == "?? #[a] xx!bb.md"


@pytest.mark.parametrize("path", PATHS)
def test_a_mirror_that_was_deleted_is_written_anew(
    story: Story, project: Folder, path: str
) -> None:
    """All of the trail is in it again."""
    run_in(story, project)
    update(story, project, path)
    before = (project.path / path).read_bytes()
    (project.path / path).unlink()
    assert update(story, project, path) == 1
    assert (project.path / path).read_bytes() == before


@pytest.mark.parametrize("path", PATHS)
def test_a_torn_end_is_repaired(story: Story, project: Folder, path: str) -> None:
    """What a crash left after the last whole record is cut off and written again."""
    run_in(story, project)
    update(story, project, path)
    whole = (project.path / path).read_bytes()
    run_in(story, project, "two\n<!-- deputize 9999 -->\n")
    update(story, project, path)
    content = (project.path / path).read_bytes()
    for size in (len(whole) + 1, len(whole) + 300, len(content) - 1):
        with (project.path / path).open("r+b") as file:
            file.truncate(size)
        assert update(story, project, path) == 1
        assert (project.path / path).read_bytes() == content


@pytest.mark.parametrize(
    "path",
    [
        "/etc/audit.md",
        "../audit.md",
        "a/../../audit.md",
        "./audit.md",
        "a//audit.md",
        "",
        ".md/",
        "audit.txt",
        ".git/audit.md",
        "sub/.GIT/hooks/audit.md",
        ".git./audit.md",
        "a\nb.md",
        "a\0b.md",
        "README.md",
        "x" * 600 + ".md",
    ],
)
def test_paths_that_leave_the_checkout_or_are_gits_are_refused(
    story: Story, project: Folder, path: str
) -> None:
    """Nothing is written for a path that a repository may have thought up."""
    (project.path / "README.md").write_text("tracked")
    project.git("add", "-A")
    run_in(story, project)
    before = sorted(project.path.rglob("*"))
    with pytest.raises(ConfigError):
        update(story, project, path)
    assert sorted(project.path.rglob("*")) == before


def test_symbolic_links_are_not_followed(story: Story, project: Folder, tmp_path: Path) -> None:
    """Neither as the file nor as a folder on the way, even where they lead inside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.path / "folder").symlink_to(outside)
    (project.path / "file.md").symlink_to(outside / "file.md")
    (project.path / "inside").symlink_to(".")
    run_in(story, project)
    for path in ("folder/audit.md", "file.md", "inside/audit.md"):
        with pytest.raises(ConfigError):
            update(story, project, path)
    assert list(outside.iterdir()) == []


def test_what_is_no_file_of_ours_is_left_alone(story: Story, project: Folder) -> None:
    """A file that the user has written, a folder and a pipe are refused."""
    (project.path / "notes.md").write_text("# Notes\n")
    (project.path / "notes.jsonl").write_text("{}\n")
    (project.path / "folder.md").mkdir()
    os.mkfifo(project.path / "pipe.md")
    run_in(story, project)
    for path in ("notes.md", "notes.jsonl", "folder.md", "pipe.md"):
        with pytest.raises(ConfigError):
            update(story, project, path)
    assert (project.path / "notes.md").read_text() == "# Notes\n"


def test_every_repository_that_asks_for_it_is_brought_up_to_date(
    story: Story, project: Folder, tmp_path: Path
) -> None:
    """One that can't have its mirror is reported and holds up no other."""
    other, gone = make_project(tmp_path / "other"), make_project(tmp_path / "gone")
    for place in (gone, project, other, project):
        run_in(story, place)
    gone.path.rename(tmp_path / "away")
    wanted = {str(project.path): "audit.md", str(gone.path): "audit.md"}
    problems = mirror_new(story.database, lambda task: wanted.get(task.repo or ""))
    assert len(problems) == 1
    assert (project.path / "audit.md").read_text().count("## #") == 2
    assert not (other.path / "audit.md").exists()
    assert mirror_new(story.database, lambda task: wanted.get(task.repo or "")) == []


def test_a_proposed_change_is_told_once_its_end_is_known(story: Story, project: Folder) -> None:
    """Not while it is in line: then the page would say for ever that it is."""
    place = {"repo": str(project.path), "git_dir": str(project.git_dir), "target": "main"}
    story.add("Fix it", **place)
    claimed = story.claim()
    story.finish(claimed, change=change_of(claimed, "a.py"))
    story.seal()
    assert update(story, project, PATHS[0]) == 0
    run_in(story, project, "Another")
    with story.database.read() as transaction:
        (change,) = changes.of_task(transaction, 1)
    change = step(story.database, change, ChangeState.QUEUED, story.clock.at)
    land(story.database, change, "3" * 40, story.clock.at)
    story.seal()
    assert update(story, project, PATHS[0]) == 2
    assert update(story, project, PATHS[0]) == 0
    page = (project.path / PATHS[0]).read_text()
    assert page.index("## #2") < page.index("## #1")
    assert "c1 landed as `333333333333`" in page
    assert "is landing" not in page
