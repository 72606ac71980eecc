"""The station that writes the files while the worker runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.audit.rebuild import problems
from deputize.audit.station import write_files_forever
from tests.fixtures.repositories import make_project
from tests.fixtures.shop import at_work, shop_of, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.stories import Story

pytestmark = pytest.mark.anyio

DAY = "audit-2026-03-01.jsonl"


async def test_files_and_mirror_follow_what_is_sealed(story: Story, tmp_path: Path) -> None:
    """The mirror is the one that the target's tip asks for, not the checkout."""
    project = make_project(tmp_path / "project")
    project.write("deputize.toml", '[audit]\nmirror = "trail.md"\n')
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "settings")
    project.write("deputize.toml", '[audit]\nmirror = "other.md"\n')
    branch = project.git("branch", "--show-current")
    place = {"repo": str(project.path), "git_dir": str(project.git_dir), "target": branch}
    shop = shop_of(story)
    async with at_work(shop, write_files_forever):
        story.run(role="inspector", **place)
        story.seal()
        await until(shop, (project.path / "trail.md").exists)
        await until(shop, lambda: "## #1" in (project.path / "trail.md").read_text())
    assert (story.home.audit / DAY).exists()
    assert problems(story.database, story.home) == []
    assert not (project.path / "other.md").exists()


async def test_settings_that_are_wrong_hold_up_no_file(story: Story, tmp_path: Path) -> None:
    """A broken deputize.toml costs its repository the mirror, and nobody anything else."""
    project = make_project(tmp_path / "project")
    project.write("deputize.toml", "[audit]\nmirrror = 1\n")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "settings")
    branch = project.git("branch", "--show-current")
    place = {"repo": str(project.path), "git_dir": str(project.git_dir), "target": branch}
    shop = shop_of(story)
    async with at_work(shop, write_files_forever):
        for _ in range(2):
            story.run(role="inspector", **place)
            story.seal()
            length = len(story.sealed())
            path = story.home.audit / DAY
            await until(shop, lambda: path.exists() and path.read_text().count("\n") == length)  # noqa: B023


async def test_a_folder_that_can_not_be_written_is_tried_again(story: Story) -> None:
    """The station outlives a full disk or a wrong mode, and then writes all that is missing."""
    story.home.audit.write_text("in the way")
    story.run()
    story.seal()
    shop = shop_of(story)
    async with at_work(shop, write_files_forever):
        for _ in range(5):
            await until(shop, lambda: True)
        story.home.audit.unlink()
        await until(shop, (story.home.audit / DAY).exists)
    assert problems(story.database, story.home) == []
