"""What the tests of git share: a project, its mirror, and a worktree for an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.git.repository import Mirror, open_mirror
from deputize.git.worktree import Worktree, add_worktree
from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Make a repository of the user's with one commit."""
    return make_project(tmp_path / "project")


@pytest.fixture
def mirror(tmp_path: Path, project: Folder) -> Mirror:
    """Make the mirror of the project."""
    return open_mirror(tmp_path / "home" / "repos", project.git_dir)


@pytest.fixture
def worktree(tmp_path: Path, project: Folder, mirror: Mirror) -> Worktree:
    """Make a worktree at the project's HEAD."""
    return add_worktree(mirror, tmp_path / "home" / "workspaces" / "1-1", project.head())


@pytest.fixture
def agent(worktree: Worktree) -> Folder:
    """Return the worktree as the agent sees it."""
    return Folder(worktree.path)
