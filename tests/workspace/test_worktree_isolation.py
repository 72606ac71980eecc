"""The user's repository is after an attempt as it was before, and what differs is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.git.refs import pin
from deputize.git.repository import open_mirror
from deputize.workspace.isolation import compare, fingerprint
from deputize.workspace.worktree import open_workspace, remove_workspace, take_snapshot
from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Make a repository with a stash, something staged, and an edit."""
    project = make_project(tmp_path / "project")
    project.write("a.py", "stashed\n")
    project.git("stash", "--quiet")
    project.write("staged.py")
    project.git("add", "staged.py")
    project.write("b.py", "edited\n")
    return project


def test_an_attempt_that_does_its_worst_in_its_worktree_changes_nothing(
    project: Folder, tmp_path: Path
) -> None:
    """Stash, branches, configuration, hooks, reset, gc: all of it stays in the worktree."""
    before = fingerprint(project.git_dir, project.path)
    status = project.git("status", "--porcelain")
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    base = project.head()
    workspace = open_workspace(tmp_path / "ws", mirror, task=1, attempt=1, base=base)
    agent = Folder(workspace.path)
    agent.write("a.py", "x\n")
    agent.git("stash")
    agent.git("stash", "drop")
    agent.git("config", "core.hooksPath", "evil")
    agent.git("config", "user.name", "evil")
    agent.git("switch", "--quiet", "-c", "main")
    agent.commit(a__py="committed\n")
    agent.git("update-ref", "refs/deputize/1/1", "HEAD")
    agent.git("gc", "--quiet", "--prune=now")
    agent.git("worktree", "prune")
    taken = take_snapshot(workspace, message="x", agent="test")
    remove_workspace(workspace, taken.head)
    pin(project.git_dir, "s1", base)
    assert compare(before, fingerprint(project.git_dir, project.path)) == ()
    assert project.git("status", "--porcelain") == status
    project.git("fsck", "--strict")


def test_looking_at_the_checkout_is_no_difference(project: Folder) -> None:
    """`git status` rewrites the index with new times, which stages nothing."""
    before = fingerprint(project.git_dir, project.path)
    (project.path / "src/deep/module.py").touch()
    project.git("status")
    assert compare(before, fingerprint(project.git_dir, project.path)) == ()


def test_work_of_the_user_is_told_and_not_alarming(project: Folder) -> None:
    """A commit on another branch moves HEAD, a ref and the index."""
    before = fingerprint(project.git_dir, project.path)
    project.git("switch", "--quiet", "-c", "users")
    project.commit(b__py="the user's\n")
    found = compare(before, fingerprint(project.git_dir, project.path))
    assert [difference.what for difference in found] == ["head", "refs", "index"]
    assert found[0].text == "the checkout went from refs/heads/main to refs/heads/users"
    assert found[1].text == "refs moved: refs/heads/users"
    assert not any(difference.alarming for difference in found)


def test_configuration_hooks_and_stashes_are_alarming(project: Folder) -> None:
    """Each of them is named; an older stash that vanished counts as well."""
    project.git("commit", "--quiet", "-am", "x")
    project.write("a.py", "second\n")
    project.git("stash", "--quiet")
    before = fingerprint(project.git_dir, project.path)
    project.git("stash", "drop", "--quiet", "stash@{1}")
    project.git("config", "core.pager", "evil")
    project.write(".git/hooks/pre-commit", "#!/bin/sh\n")
    found = compare(before, fingerprint(project.git_dir, project.path))
    assert [difference.what for difference in found] == ["config", "hooks", "stash"]
    assert all(difference.alarming for difference in found)


def test_making_a_hook_executable_is_a_difference(project: Folder) -> None:
    """Its content is the same, what it does is not."""
    hook = project.write(".git/hooks/pre-commit", "#!/bin/sh\n")
    hook.chmod(0o644)
    before = fingerprint(project.git_dir)
    hook.chmod(0o755)
    assert [d.what for d in compare(before, fingerprint(project.git_dir))] == ["hooks"]


def test_many_moved_refs_are_counted(project: Folder) -> None:
    """Five are named."""
    before = fingerprint(project.git_dir)
    for number in range(8):
        project.git("branch", f"b{number}")
    (found,) = compare(before, fingerprint(project.git_dir))
    assert found.text.endswith("refs/heads/b4 and 3 more")
