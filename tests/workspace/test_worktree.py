"""Workspaces: made, found again, filled from the user's checkout, removed only when it is safe."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.errors import IllegalMove, InvalidInput
from deputize.git.command import BaseLost
from deputize.git.refs import in_place_ref, list_refs, read_ref
from deputize.git.repository import Mirror, open_mirror
from deputize.model.task import Place
from deputize.workspace.include import include
from deputize.workspace.worktree import (
    Workspace,
    empty_trash,
    find_workspace,
    open_in_place,
    open_scratch,
    open_workspace,
    remove_workspace,
    take_snapshot,
)
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
    return open_mirror(tmp_path / "repos", project.git_dir)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the folder for workspaces."""
    return tmp_path / "workspaces"


def start(home: Path, mirror: Mirror, project: Folder, attempt: int = 1) -> Workspace:
    """Open the workspace of an attempt at task 7."""
    return open_workspace(home, mirror, task=7, attempt=attempt, base=project.head())


def finish(workspace: Workspace) -> str:
    """Take the final snapshot and return its commit."""
    return take_snapshot(workspace, message="work", agent="test").head


def left_in(home: Path, mirror: Mirror) -> list[str]:
    """Return the names of what is in the folder of the project's workspaces."""
    return sorted(path.name for path in (home / mirror.slug).glob("*"))


def test_each_attempt_has_a_worktree_and_refs_of_its_own(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """Two attempts at one task are two folders."""
    one, two = start(home, mirror, project), start(home, mirror, project, attempt=2)
    assert one.path == home / mirror.slug / "7-1"
    assert (one.ref, one.wip_ref) == ("refs/deputize/7/1", "refs/deputize/wip/7/1")
    Folder(one.path).write("a.py", "one\n")
    assert (two.path / "a.py").read_text() == "a\n"
    assert finish(one) != finish(two) == project.head()
    assert two.path == home / mirror.slug / "7-2"


def test_the_commit_names_task_attempt_and_agent(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """As trailers that git itself can read."""
    workspace = start(home, mirror, project)
    Folder(workspace.path).write("a.py", "x\n")
    head = take_snapshot(workspace, message="Fix it", agent="copilot").head
    shown = Folder(mirror.git_dir).git("log", "-1", "--format=%(trailers:only)", head)
    assert shown.split("\n")[:3] == [
        "Deputize-Task: 7", "Deputize-Attempt: 1", "Deputize-Agent: copilot",
    ]  # fmt: skip


def test_a_workspace_is_found_again_after_a_crash(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """With its work, which can be saved to its other ref; one that never was is None."""
    Folder(start(home, mirror, project).path).write("half.txt")
    found = find_workspace(home, mirror, task=7, attempt=1, base=project.head())
    assert found is not None
    saved = take_snapshot(found, message="saved", agent="test", wip=True)
    assert read_ref(mirror.git_dir, "refs/deputize/wip/7/1") == saved.head
    assert find_workspace(home, mirror, task=7, attempt=2, base=project.head()) is None


def test_what_an_interrupted_opening_left_is_replaced(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """Records without a tree make room for the attempt that they belong to."""
    left = home / mirror.slug / ".7-1" / "git"
    left.mkdir(parents=True)
    workspace = start(home, mirror, project)
    assert Folder(workspace.path).git("status", "--porcelain") == ""
    with pytest.raises(IllegalMove, match="exists"):
        start(home, mirror, project)


def test_a_base_that_is_gone_is_told_before_anything_is_made(home: Path, mirror: Mirror) -> None:
    """The user has pruned it away."""
    with pytest.raises(BaseLost):
        open_workspace(home, mirror, task=7, attempt=1, base="1" * 40)
    assert left_in(home, mirror) == []


def test_files_named_in_worktreeinclude_are_copied_and_never_committed(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """Ignored or untracked, with their modes; the list is given, and no file's word counts."""
    project.write(".gitignore", ".env*\n")
    project.write(".worktreeinclude", "other.txt\n")
    project.commit()
    project.write(".env", "TOKEN=1\n").chmod(0o600)
    project.write("conf/db.local")
    project.write("conf/not.local")
    project.write("other.txt")
    workspace = start(home, mirror, project)
    patterns = b".env\n/conf/*.local\n!/conf/not.local\n"
    included = include(workspace.worktree, project.path, patterns)
    assert included.copied == (".env", "conf/db.local")
    assert (workspace.path / ".env").stat().st_mode & 0o777 == 0o600
    assert not (workspace.path / "conf/not.local").exists()
    assert not (workspace.path / "other.txt").exists()
    assert Folder(workspace.path).git("status", "--porcelain") == ""
    assert finish(workspace) == project.head()


def test_nothing_is_copied_through_a_link_or_over_a_file(
    home: Path, mirror: Mirror, project: Folder, tmp_path: Path
) -> None:
    """Links in the checkout, links in the commit, and tracked files are all refused."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.path / "hole").symlink_to(outside)
    project.commit()
    (project.path / "hole").unlink()
    project.write("hole/x", "must not get out\n")
    (project.path / "secret").symlink_to("/etc/passwd")
    os.mkfifo(project.path / "pipe")
    project.write("line\nbreak.txt")
    workspace = start(home, mirror, project)
    included = include(workspace.worktree, project.path, b"hole/*\nsecret\npipe\n*.txt\n")
    assert included.copied == ()
    assert dict(included.refused) == {
        "hole/x": "the repository has something else there",
        "line\nbreak.txt": "its name has a line break in it",
        "secret": "it is not a plain file",
    }
    assert list(outside.iterdir()) == []


def test_too_many_bytes_or_patterns_are_refused(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """A file that is too large stays where it is; a list that is too long is an error."""
    with project.write("big").open("r+b") as file:
        file.truncate((64 << 20) + 1)
    project.write("small")
    workspace = start(home, mirror, project)
    included = include(workspace.worktree, project.path, b"big\nsmall\n")
    assert included.copied == ("small",)
    assert included.refused == (("big", "more than 64 MiB in all"),)
    with pytest.raises(InvalidInput, match="worktreeinclude"):
        include(workspace.worktree, project.path, b"x\n" * 40_000)


def test_what_the_user_ignores_elsewhere_is_ignored_here(
    home: Path, mirror: Mirror, project: Folder, clean_environment: Path
) -> None:
    """`info/exclude`, the default global ignore file, or the one that the user has configured."""
    project.write(".git/info/exclude", "from-exclude\n")
    default = Folder(clean_environment).write(".config/git/ignore", "from-default\n")
    workspace = start(home, mirror, project)
    agent = Folder(workspace.path)
    agent.write("from-exclude")
    agent.write("from-default")
    assert finish(workspace) == project.head()
    default.unlink()
    Folder(clean_environment).write("mine", "from-mine\n")
    project.git("config", "core.excludesFile", "~/mine")
    workspace = start(home, mirror, project, attempt=2)
    Folder(workspace.path).write("from-mine")
    assert finish(workspace) == project.head()


def test_a_captured_workspace_is_removed_whole(home: Path, mirror: Mirror, project: Folder) -> None:
    """Ignored files and folders without rights go too; the commit stays."""
    workspace = start(home, mirror, project)
    agent = Folder(workspace.path)
    agent.write("a.py", "x\n")
    agent.write("noise.log")
    agent.write("build.log/deep/file")
    (agent.path / "build.log" / "deep").chmod(0o500)
    head = finish(workspace)
    assert remove_workspace(workspace, head) == ()
    assert [path.name for path in (home / mirror.slug).rglob("*")] == [".trash"]
    assert read_ref(mirror.git_dir, workspace.ref) == head
    assert remove_workspace(workspace, head) == ()


def test_work_that_no_commit_has_keeps_the_workspace(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """A later edit, a new file, an inner repository: each is reason enough."""
    workspace = start(home, mirror, project)
    agent = Folder(workspace.path)
    head = finish(workspace)
    agent.write("late.txt")
    with pytest.raises(IllegalMove, match="has changed since"):
        remove_workspace(workspace, head)
    (agent.path / "late.txt").unlink()
    make_project(agent.path / "inner")
    with pytest.raises(IllegalMove, match="inner"):
        remove_workspace(workspace, head)
    assert (agent.path / "inner" / "a.py").exists()


def test_a_commit_that_no_ref_keeps_is_no_proof(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """It could be pruned tomorrow."""
    workspace = start(home, mirror, project)
    Folder(workspace.path).write("a.py", "x\n")
    head = finish(workspace)
    Folder(mirror.git_dir).git("update-ref", "-d", workspace.ref)
    with pytest.raises(IllegalMove, match="no ref keeps"):
        remove_workspace(workspace, head)
    assert workspace.path.exists()


def test_branches_and_stashes_of_the_agent_outlive_the_workspace(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """They get refs of the mirror before the folder goes."""
    workspace = start(home, mirror, project)
    agent = Folder(workspace.path)
    agent.git("switch", "--quiet", "-c", "idea")
    idea = agent.commit(a__py="idea\n")
    agent.git("checkout", "--quiet", project.head())
    kept = remove_workspace(workspace, finish(workspace))
    assert kept == (f"refs/deputize/aside/7/1/{idea}",)
    assert list_refs(mirror.git_dir, "refs/deputize/aside/") == {kept[0]: idea}


def test_removing_never_follows_a_link(
    home: Path, mirror: Mirror, project: Folder, tmp_path: Path
) -> None:
    """Neither one in the tree nor one in its place."""
    victim = Folder(tmp_path).write("victim/precious.txt").parent
    victim.chmod(0o711)
    workspace = start(home, mirror, project)
    (workspace.path / "link").symlink_to(victim)
    remove_workspace(workspace, finish(workspace))
    second = start(home, mirror, project, attempt=2)
    head = finish(second)
    shutil.rmtree(second.path)
    second.path.symlink_to(victim)
    remove_workspace(second, head)
    assert (victim / "precious.txt").exists()
    assert victim.stat().st_mode & 0o777 == 0o711


def test_interrupted_openings_and_deletions_are_cleared_up(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """Those of dead processes; workspaces, and what a living process is about, stay."""
    workspace = start(home, mirror, project)
    with subprocess.Popen((sys.executable, "-c", "")) as dead:
        dead.wait()
    slug = home / mirror.slug
    Folder(slug).write(f".trash/grave-{dead.pid}-x/7-9/file")
    Folder(slug).write(f".7-2/opening-{dead.pid}-tree/file")
    Folder(slug).write(f".trash/grave-{os.getpid()}-x/7-8/file")
    Folder(slug).write(f".7-3/opening-{os.getpid()}-tree/file")
    empty_trash(home)
    assert [path.name for path in (slug / ".trash").iterdir()] == [f"grave-{os.getpid()}-x"]
    assert left_in(home, mirror) == [".7-1", ".7-3", ".trash", "7-1"]
    assert workspace.path.exists()


def test_an_unchanged_workspace_goes_where_the_users_repository_keeps_its_base(
    home: Path, mirror: Mirror, project: Folder
) -> None:
    """An attempt that never got to its snapshot has nothing to lose."""
    workspace = start(home, mirror, project)
    assert remove_workspace(workspace, project.head()) == ()
    assert not workspace.path.exists()


def test_in_place_wants_a_clean_checkout_and_keeps_where_it_was(
    mirror: Mirror, project: Folder
) -> None:
    """Staged, changed and untracked files are each refused; the edits stay uncommitted."""
    base = project.head()
    project.write("untracked.txt")
    with pytest.raises(IllegalMove, match=r"not clean: untracked\.txt"):
        open_in_place(project.path, mirror, store="s1", task=7, attempt=1)
    (project.path / "untracked.txt").unlink()
    workspace = open_in_place(project.path, mirror, store="s1", task=7, attempt=1)
    assert (workspace.path, workspace.place) == (project.path, Place.IN_PLACE)
    assert read_ref(project.git_dir, in_place_ref("s1", 7)) == base
    project.write("a.py", "edited\n")
    taken = take_snapshot(workspace, message="in place", agent="test")
    assert Folder(mirror.git_dir).git("diff", "--name-only", base, taken.head) == "a.py"
    assert read_ref(mirror.git_dir, workspace.ref) == taken.head
    assert project.git("status", "--porcelain") == " M a.py"
    assert project.head() == base
    with pytest.raises(IllegalMove, match="not a worktree"):
        remove_workspace(workspace, taken.head)


def test_in_place_takes_over_only_what_an_earlier_attempt_left(
    mirror: Mirror, project: Folder
) -> None:
    """The same files on the same commit go on; one file more, or another HEAD, is refused."""

    def start(attempt: int, left: str | None) -> Workspace:
        return open_in_place(project.path, mirror, store="s1", task=7, attempt=attempt, left=left)

    workspace = start(1, None)
    project.write("a.py", "half done\n")
    left = take_snapshot(workspace, message="saved", agent="test", wip=True).head
    again = start(2, left)
    assert (again.continues, again.base) == (True, workspace.base)
    project.write("mine.txt", "my own\n")
    with pytest.raises(IllegalMove, match=r"not clean: a\.py, mine\.txt"):
        start(3, left)
    (project.path / "mine.txt").unlink()
    project.git("commit", "--quiet", "--allow-empty", "--message", "meanwhile")
    with pytest.raises(IllegalMove, match=r"not clean: a\.py"):
        start(4, left)
    project.git("reset", "--quiet", "--hard")
    assert start(5, left).continues is False


def test_a_scratch_folder_is_empty_and_stays(home: Path) -> None:
    """It has no repository, so nothing can be captured or removed."""
    workspace = open_scratch(home, task=7, attempt=1)
    assert list(workspace.path.iterdir()) == []
    Folder(workspace.path).write("result.txt")
    assert open_scratch(home, task=7, attempt=1) == workspace
    assert (workspace.path / "result.txt").exists()
    with pytest.raises(IllegalMove, match="not a worktree"):
        take_snapshot(workspace, message="x", agent="test")


def test_git_of_the_agent_works_with_an_environment_of_its_own(
    home: Path, mirror: Mirror, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can commit without any configuration of the user's, and has nowhere to push to."""
    workspace = start(home, mirror, project)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    agent = Folder(workspace.path)
    agent.write("a.py", "x\n")
    agent.git("commit", "--quiet", "--all", "--message", "its own")
    assert agent.git("remote") == ""
    assert agent.git("rev-parse", "--show-toplevel") == str(workspace.path)
