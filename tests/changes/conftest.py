"""A project with files of all kinds, and its mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.git.repository import Mirror, open_mirror
from deputize.git.worktree import Worktree, add_worktree
from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Folder:
    """Make a repository with text, a program, binary content, links and a submodule."""
    folder = make_project(tmp_path / "project", object_format=getattr(request, "param", "sha1"))
    folder.write("a.txt", "one\ntwo\nthree\n")
    folder.write("run.sh", "echo\n").chmod(0o755)
    folder.write("image.bin", b"\0\1\2")
    (folder.path / "link").symlink_to("src")
    (folder.path / "outside").symlink_to("/etc")
    folder.git("add", "--all")
    folder.git("update-index", "--add", "--cacheinfo", f"160000,{folder.head()},sub")
    folder.git("commit", "--quiet", "--message", "more")
    return folder


@pytest.fixture
def mirror(tmp_path: Path, project: Folder) -> Mirror:
    """Make the mirror of the project."""
    return open_mirror(tmp_path / "home" / "repos", project.git_dir)


@pytest.fixture
def worktree(tmp_path: Path, project: Folder, mirror: Mirror) -> Worktree:
    """Make a worktree at the project's HEAD."""
    return add_worktree(mirror, tmp_path / "home" / "workspaces" / "1-1", project.head())
