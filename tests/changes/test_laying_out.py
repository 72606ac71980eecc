"""What was asked for is laid out in a workspace, and over nothing that nobody knows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from deputize.changes.carrying import carry_out
from deputize.changes.reading import read_request
from deputize.git.editing import editing
from deputize.git.laying_out import PathTaken, lay_out
from deputize.git.snapshot import measure
from tests.changes.requests import PATCH, create, delete, modify, rename, request
from tests.git.captures import take

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.git.worktree import Worktree


def laid_out(worktree: Worktree, *operations: dict[str, Any]) -> str:
    """Lay operations out, and return the tree that they make."""
    with editing(worktree.mirror, worktree.base) as edit:
        tree = carry_out(edit, read_request(request(*operations)))
        lay_out(worktree, edit, tree)
    return tree


def test_a_snapshot_has_just_what_was_asked_for(worktree: Worktree) -> None:
    """Ignored files too; and the workspace may go, as it holds nothing else."""
    tree = laid_out(
        worktree,
        modify(patch=PATCH),
        create("ignored.log", "x"),
        create("new/program", "x", mode="100755"),
        delete("a.py"),
        rename("b.py", "c/b.py"),
        delete("src/deep/module.py"),
        create("src", "a file\n"),
    )
    assert (worktree.path / "a.txt").read_text() == "one\n2\nthree\n"
    assert os.access(worktree.path / "new/program", os.X_OK)
    assert not (worktree.path / "b.py").exists()
    taken = take(worktree)
    assert (taken.tree, taken.skipped, taken.commits) == (tree, (), 1)
    assert measure(worktree).tree == tree


@pytest.mark.parametrize("path", ["there.log", "there.log/more", "folder", "way/in/x", "dangling"])
def test_what_git_does_not_track_is_not_overwritten(
    worktree: Worktree, tmp_path: Path, path: str
) -> None:
    """Not files that are ignored, not folders, and no link is followed."""
    (worktree.path / "there.log").write_text("precious")
    (worktree.path / "folder").mkdir()
    (worktree.path / "folder" / "x.log").write_text("precious")
    (worktree.path / "way").symlink_to(tmp_path)
    (worktree.path / "dangling").symlink_to("nowhere")
    (tmp_path / "in").mkdir()
    with pytest.raises(PathTaken, match="is there already, and git does not track it"):
        laid_out(worktree, create(path), delete("a.py"))
    assert (worktree.path / "there.log").read_text() == "precious"
    assert (worktree.path / "a.py").exists()
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("is_link", [True, False])
def test_a_folder_is_no_place_while_anything_is_in_it(
    worktree: Worktree, tmp_path: Path, *, is_link: bool
) -> None:
    """Not even where all that git tracks in it goes."""
    left = worktree.path / "src" / "left.log"
    left.symlink_to(tmp_path) if is_link else left.write_text("precious")
    with pytest.raises(PathTaken, match=r"'src/left\.log' is there already"):
        laid_out(worktree, delete("src/deep/module.py"), create("src", "a file"))
    assert (worktree.path / "src/deep/module.py").exists()
    assert left.exists()


def test_an_index_that_was_moved_away_is_not_written_to(worktree: Worktree, tmp_path: Path) -> None:
    """An agent that has put a link in place of its git directory gets nothing written there."""
    elsewhere = tmp_path / "elsewhere"
    worktree.git_dir.rename(elsewhere)
    before = (elsewhere / "index").read_bytes()
    worktree.git_dir.symlink_to(elsewhere)
    laid_out(worktree, create("x"))
    assert (elsewhere / "index").read_bytes() == before
    assert (worktree.path / "x").exists()
