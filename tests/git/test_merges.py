"""Merging commits without a working tree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deputize.errors import GitError
from deputize.git.commits import compose
from deputize.git.merges import Conflicted, Merged, commit_tree, is_ancestor, merge_base, merge_tree

if TYPE_CHECKING:
    from deputize.git.repository import Mirror
    from tests.fixtures.repositories import Folder


def fork(project: Folder, ours: dict[str, str], theirs: dict[str, str]) -> tuple[str, str]:
    """Make two commits on the same base and return them."""
    base = project.head()
    one = project.commit(**ours)
    project.git("switch", "--quiet", "--detach", base)
    return one, project.commit(**theirs)


def test_changes_to_different_files_go_together(project: Folder, mirror: Mirror) -> None:
    """The tree has both, and is the one that `git merge` makes."""
    ours, theirs = fork(project, {"a__py": "A\n"}, {"b__py": "B\n"})
    merged = merge_tree(mirror.git_dir, ours, theirs)
    project.git("merge", "--quiet", "--no-edit", ours)
    assert merged == Merged(tree=project.git("rev-parse", "HEAD^{tree}"))


def test_contradicting_changes_name_their_files_and_passages(
    project: Folder, mirror: Mirror
) -> None:
    """Each path once; the text has git's sentence and both sides."""
    ours, theirs = fork(project, {"a__py": "ours\n"}, {"a__py": "theirs\n"})
    found = merge_tree(mirror.git_dir, ours, theirs)
    assert isinstance(found, Conflicted)
    assert found.paths == ("a.py",)
    assert "CONFLICT (content): Merge conflict in a.py" in found.text
    assert "+theirs" in found.text
    assert ">>>>>>>" in found.text


def test_a_file_changed_here_and_deleted_there_is_a_conflict(
    project: Folder, mirror: Mirror
) -> None:
    """Also where its name has a line break in it."""
    project.commit(**{"odd\nname": "x\n"})
    base = project.head()
    ours = project.commit(**{"odd\nname": "changed\n"})
    project.git("switch", "--quiet", "--detach", base)
    (project.path / "odd\nname").unlink()
    theirs = project.commit()
    found = merge_tree(mirror.git_dir, ours, theirs)
    assert isinstance(found, Conflicted)
    assert found.paths == ("odd\nname",)
    assert "modify/delete" in found.text


def test_an_unknown_commit_is_an_error_and_no_conflict(project: Folder, mirror: Mirror) -> None:
    """Git answers both with the same exit code."""
    with pytest.raises(GitError):
        merge_tree(mirror.git_dir, project.head(), "1" * 40)


def test_the_same_moment_gives_the_same_commit(project: Folder, mirror: Mirror) -> None:
    """So a step that was interrupted can be repeated."""
    head, tree = project.head(), project.git("rev-parse", "HEAD^{tree}")
    when = datetime(2026, 1, 2, tzinfo=UTC)
    words = (mirror.git_dir, tree, (head,), "Land #1")
    one = commit_tree(*words, trailers={"Deputize-Task": "1"}, when=when)
    assert one == commit_tree(*words, trailers={"Deputize-Task": "1"}, when=when)
    assert one != commit_tree(*words, when=when)


def test_messages_can_not_forge_trailers_with_line_breaks() -> None:
    """Values are one line, NULs vanish, an empty message gets words."""
    assert compose("fix\0 it\n\n", {"A": "x\nB: y"}) == "fix it\n\nA: x B: y\n"
    assert compose(" ", {}) == "no message\n"


def test_ancestry(project: Folder, mirror: Mirror) -> None:
    """A commit contains itself; strangers have no common base."""
    base = project.head()
    ours, theirs = fork(project, {"a__py": "A\n"}, {"b__py": "B\n"})
    assert merge_base(mirror.git_dir, ours, theirs) == base
    assert is_ancestor(mirror.git_dir, base, ours)
    assert is_ancestor(mirror.git_dir, base, base)
    assert not is_ancestor(mirror.git_dir, ours, theirs)
    stranger = commit_tree(mirror.git_dir, project.git("rev-parse", "HEAD^{tree}"), (), "alone")
    assert merge_base(mirror.git_dir, base, stranger) is None
    with pytest.raises(GitError):
        is_ancestor(mirror.git_dir, "1" * 40, base)
