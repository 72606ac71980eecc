"""The mirror: our own bare repository that borrows the user's objects."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from deputize.git.command import BaseLost, Git
from deputize.git.objects import write_alternates
from deputize.git.refs import has_commit, list_refs, require_commit
from deputize.git.repository import Mirror, mirror_path, open_mirror, slug, sweep
from deputize.git.worktree import add_worktree
from tests.fixtures.repositories import Folder, make_project, make_repository

if TYPE_CHECKING:
    from pathlib import Path


def test_the_mirror_sees_the_users_commits_and_copies_neither_objects_nor_refs(
    project: Folder, mirror: Mirror
) -> None:
    """Alternates only; a commit made later is seen as well."""
    later = project.commit(a__py="later\n")
    assert has_commit(mirror.git_dir, later)
    assert list_refs(mirror.git_dir, "refs/") == {}
    own = [file for file in mirror.objects.rglob("*") if file.is_file()]
    assert [file.name for file in own] == ["alternates"]


def test_opening_it_again_or_by_another_path_gives_the_same_one(
    project: Folder, mirror: Mirror, tmp_path: Path
) -> None:
    """The real path of the git directory counts."""
    (tmp_path / "link").symlink_to(project.path)
    home_repos = mirror.git_dir.parent
    assert open_mirror(home_repos, tmp_path / "link" / ".git") == mirror
    assert mirror_path(home_repos, project.git_dir) == mirror.git_dir
    assert list(home_repos.iterdir()) == [mirror.git_dir]


def test_many_may_create_it_at_once(project: Folder, tmp_path: Path) -> None:
    """All get the same whole mirror, nothing else is left."""
    home_repos = tmp_path / "repos"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: open_mirror(home_repos, project.git_dir), range(16)))
    (mirror,) = found
    assert list(home_repos.iterdir()) == [mirror.git_dir]
    assert has_commit(mirror.git_dir, project.head())


def test_a_repository_that_has_moved_is_a_lost_base(project: Folder, tmp_path: Path) -> None:
    """So is a commit that is no longer there."""
    old = project.git_dir
    project.path.rename(tmp_path / "elsewhere")
    with pytest.raises(BaseLost, match="no repository at") as caught:
        open_mirror(tmp_path / "repos", old)
    assert caught.value.code == "base_lost"
    moved = open_mirror(tmp_path / "repos", tmp_path / "elsewhere" / ".git")
    with pytest.raises(BaseLost, match="no longer in the repository"):
        require_commit(moved.git_dir, "1" * 40)


def test_a_sha256_repository_has_a_sha256_mirror(tmp_path: Path) -> None:
    """Also where a SHA-1 repository was at the same path before."""
    project = make_project(tmp_path / "p")
    first = open_mirror(tmp_path / "repos", project.git_dir)
    project.path.rename(tmp_path / "old")
    project = make_project(tmp_path / "p", object_format="sha256")
    second = open_mirror(tmp_path / "repos", project.git_dir)
    assert (first.object_format, second.object_format) == ("sha1", "sha256")
    assert first.git_dir != second.git_dir
    assert has_commit(second.git_dir, project.head())


def test_a_shallow_clone_ends_its_history_in_the_mirror_too(
    project: Folder, tmp_path: Path
) -> None:
    """And no longer once the user has fetched the rest."""
    project.commit(a__py="second\n")
    Folder(tmp_path).git("clone", "-q", "--depth=1", f"file://{project.path}", "shallow")
    clone = Folder(tmp_path / "shallow")
    mirror = open_mirror(tmp_path / "repos", clone.git_dir)
    assert Git(mirror.git_dir).line("rev-list", "--count", clone.head()) == "1"
    worktree = add_worktree(mirror, tmp_path / "w", clone.head())
    assert Folder(worktree.path).git("rev-list", "--count", "HEAD") == "1"
    clone.git("fetch", "--quiet", "--unshallow")
    open_mirror(tmp_path / "repos", clone.git_dir)
    assert Git(mirror.git_dir).line("rev-list", "--count", clone.head()) == "2"


def test_objects_that_the_user_borrows_are_seen_through_two_hands(
    project: Folder, tmp_path: Path
) -> None:
    """A clone with `--shared` has alternates of its own."""
    Folder(tmp_path).git("clone", "-q", "--shared", str(project.path), "clone")
    mirror = open_mirror(tmp_path / "repos", tmp_path / "clone" / ".git")
    assert has_commit(mirror.git_dir, project.head())
    worktree = add_worktree(mirror, tmp_path / "w", project.head())
    assert (worktree.path / "a.py").read_text() == "a\n"


@pytest.mark.parametrize("name", ['"quoted" name', "#hash", "new\nline", "col:on", "b\\s", "ü \t"])
def test_a_path_with_odd_characters_can_be_borrowed_from(tmp_path: Path, name: str) -> None:
    """Git reads the alternates file with its own quoting."""
    project = make_project(tmp_path / name)
    other = make_repository(tmp_path / "other")
    write_alternates(other.path / ".git" / "objects", project.path / ".git" / "objects")
    assert has_commit(other.path / ".git", project.head())


def test_slugs_are_plain_and_never_empty(tmp_path: Path) -> None:
    """They become folder names."""
    assert slug(tmp_path / "My Project!" / ".git") == "my-project"
    assert slug(tmp_path / "tool.git") == "tool"
    assert slug(tmp_path / "日本" / ".git") == "repository"
    assert len(slug(tmp_path / ("x" * 200) / ".git")) == 40


def test_sweep_deletes_what_dead_processes_left_behind(mirror: Mirror) -> None:
    """A call under way keeps its folder, unless a day has passed."""
    with subprocess.Popen((sys.executable, "-c", "")) as dead:
        dead.wait()
    folder, repos = mirror.git_dir, mirror.git_dir.parent
    gone = [folder / f"incoming-{dead.pid}-x", repos / f".new-{dead.pid}-x"]
    kept = folder / f"incoming-{os.getpid()}-x"
    old = folder / f"incoming-{os.getpid()}-old"
    for path in (*gone, kept, old):
        (path / "objects").mkdir(parents=True)
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    sweep(repos)
    assert not any(path.exists() for path in (*gone, old))
    assert kept.exists()
    assert mirror.git_dir.exists()


def test_the_users_repository_is_not_written_to(project: Folder, tmp_path: Path) -> None:
    """Mirror and worktree leave each byte of it alone."""

    def state() -> dict[str, tuple[int, int]]:
        files = [file for file in project.path.rglob("*") if file.is_file()]
        return {str(f): (f.stat().st_mtime_ns, f.stat().st_size) for f in files}

    before = state()
    head = before and project.head()
    mirror = open_mirror(tmp_path / "repos", project.path / ".git")
    add_worktree(mirror, tmp_path / "w", str(head))
    assert state() == before
