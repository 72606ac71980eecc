"""Moving the target branch in the user's repository."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from deputize.errors import GitError
from deputize.git.merges import commit_tree
from deputize.git.refs import has_commit, read_ref
from deputize.git.repository import Mirror, open_mirror
from deputize.git.snapshot import snapshot
from deputize.git.target import Moved, Refused, advance, fetch_into
from deputize.git.worktree import add_worktree
from tests.fixtures.repositories import Folder, make_project, make_repository

if TYPE_CHECKING:
    from pathlib import Path

LANDING = "refs/deputize/store/landing/1"


@pytest.fixture
def landed(project: Folder, mirror: Mirror, tmp_path: Path) -> str:
    """Bring a commit that changes a.py and adds new.py into the project, not yet on a branch."""
    worktree = add_worktree(mirror, tmp_path / "w", project.head())
    Folder(worktree.path).write("a.py", "landed\n")
    Folder(worktree.path).write("new.py", "new\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(project.git_dir, mirror, taken.head, LANDING, known=project.head())
    return taken.head


def move(project: Folder, old: str, new: str, branch: str = "main") -> Moved | Refused:
    """Move a branch of the project."""
    return advance(project.git_dir, branch, old, new, reason="deputize: land c1")


def test_a_fetched_commit_is_whole_in_the_users_repository(
    project: Folder, mirror: Mirror, landed: str
) -> None:
    """Its objects are the user's own, kept by a ref; fetching twice is fine."""
    assert read_ref(project.git_dir, LANDING) == landed
    fetch_into(project.git_dir, mirror, landed, LANDING, known=project.head())
    mirror.git_dir.rename(mirror.git_dir.with_name("away"))
    project.git("fsck", "--strict", LANDING)
    assert project.content(landed, "new.py") == "new"


def test_a_large_commit_arrives_as_a_pack(project: Folder, mirror: Mirror, tmp_path: Path) -> None:
    """Hundreds of files do not become hundreds of loose objects."""
    worktree = add_worktree(mirror, tmp_path / "w", project.head())
    for number in range(150):
        Folder(worktree.path).write(f"many/{number}.txt", f"{number}\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(project.git_dir, mirror, taken.head, LANDING, known=project.head())
    assert list((project.git_dir / "objects" / "pack").glob("*.pack"))
    project.git("fsck", "--strict", LANDING)


def test_a_branch_that_is_checked_out_moves_with_its_checkout(project: Folder, landed: str) -> None:
    """Files, index and branch go together; the reflog has the reason."""
    project.git("stash", "list")
    found = move(project, project.head(), landed)
    assert found == Moved(commit=landed, checkout=project.path)
    assert (project.path / "a.py").read_text() == "landed\n"
    assert project.git("status", "--porcelain") == ""
    assert "deputize: land c1" in project.git("reflog", "-1")


def test_a_branch_that_is_checked_out_nowhere_moves_alone(project: Folder, landed: str) -> None:
    """Files and HEAD of the checkout stay; the move is compare-and-swap."""
    base = project.head()
    project.git("switch", "--quiet", "-c", "elsewhere")
    assert move(project, base, landed) == Moved(commit=landed, checkout=None)
    assert (project.head(), read_ref(project.git_dir, "refs/heads/main")) == (base, landed)
    assert project.git("status", "--porcelain") == ""


def test_a_bare_repository_moves_by_compare_and_swap(project: Folder, tmp_path: Path) -> None:
    """There is no checkout to ask."""
    bare = make_repository(tmp_path / "bare.git", bare=True)
    project.git("push", "--quiet", str(bare.path), "main")
    mirror = open_mirror(tmp_path / "repos2", bare.path)
    base = project.head()
    worktree = add_worktree(mirror, tmp_path / "w2", base)
    Folder(worktree.path).write("a.py", "landed\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(bare.path, mirror, taken.head, LANDING, known=base)
    assert advance(bare.path, "main", base, taken.head, reason="x") == Moved(
        commit=taken.head, checkout=None
    )


def test_local_changes_in_the_way_are_named_and_stay(project: Folder, landed: str) -> None:
    """The branch waits; the user's edit is as it was."""
    base = project.head()
    project.write("a.py", "the user's own\n")
    found = move(project, base, landed)
    assert found == Refused(
        reason="your checkout of main has local changes in a.py", stale=False, paths=("a.py",)
    )
    assert (project.path / "a.py").read_text() == "the user's own\n"
    assert project.head() == base
    project.git("add", "a.py")
    assert isinstance(move(project, base, landed), Refused)


def test_an_untracked_file_in_the_way_is_named_and_stays(project: Folder, landed: str) -> None:
    """It would be overwritten."""
    project.write("new.py", "the user's own\n")
    found = move(project, project.head(), landed)
    assert found == Refused(
        reason="your checkout of main has untracked files in the way: new.py",
        stale=False,
        paths=("new.py",),
    )
    assert (project.path / "new.py").read_text() == "the user's own\n"


def test_local_changes_elsewhere_do_not_stop_it_and_stay(project: Folder, landed: str) -> None:
    """Edited, staged and untracked files that the change does not touch."""
    project.write("b.py", "edited\n")
    project.write("staged.py")
    project.git("add", "staged.py")
    project.write("untracked.py")
    assert isinstance(move(project, project.head(), landed), Moved)
    status = project.git("status", "--porcelain").splitlines()
    assert status == [" M b.py", "A  staged.py", "?? untracked.py"]


def test_a_branch_in_a_linked_worktree_moves_there(
    project: Folder, landed: str, tmp_path: Path
) -> None:
    """The main checkout, on another branch, does not notice."""
    base = project.head()
    project.git("switch", "--quiet", "-c", "elsewhere")
    project.git("worktree", "add", "--quiet", str(tmp_path / "a\nlinked"), "main")
    linked = tmp_path / "a\nlinked"
    assert move(project, base, landed) == Moved(commit=landed, checkout=linked)
    assert (linked / "new.py").exists()
    assert project.head() == base


def test_a_branch_checked_out_twice_waits(project: Folder, landed: str, tmp_path: Path) -> None:
    """Moving one checkout would leave the other behind."""
    base = project.head()
    project.git("worktree", "add", "--quiet", "--force", str(tmp_path / "twin"), "main")
    found = move(project, base, landed)
    assert isinstance(found, Refused)
    assert found.reason == f"main is checked out in {project.path} and {tmp_path / 'twin'}"


def test_a_worktree_that_was_deleted_does_not_count(
    project: Folder, landed: str, tmp_path: Path
) -> None:
    """Git still lists it, but nobody has it."""
    base = project.head()
    project.git("switch", "--quiet", "-c", "elsewhere")
    project.git("worktree", "add", "--quiet", str(tmp_path / "gone"), "main")
    (tmp_path / "gone").rename(tmp_path / "gone-away")
    assert move(project, base, landed) == Moved(commit=landed, checkout=None)


def test_a_branch_in_the_middle_of_a_rebase_waits(project: Folder, landed: str) -> None:
    """HEAD is detached, yet the branch is in use."""
    base = project.head()
    project.git("branch", "upstream")
    project.commit(a__py="mine\n")
    mine = project.head()
    project.git("switch", "--quiet", "upstream")
    project.commit(a__py="theirs\n")
    project.git("switch", "--quiet", "main")
    with pytest.raises(AssertionError):
        project.git("rebase", "upstream")
    project.git("update-ref", "refs/heads/main", base, mine)
    found = move(project, base, landed)
    assert isinstance(found, Refused)
    assert found.reason == f"a rebase is under way in {project.path}"
    assert read_ref(project.git_dir, "refs/heads/main") == base


@pytest.mark.parametrize("name", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "sequencer", "rebase-apply"])
def test_whatever_git_has_under_way_in_the_checkout_is_waited_for(
    project: Folder, landed: str, name: str
) -> None:
    """The user would be confused to find HEAD elsewhere."""
    (project.git_dir / name).write_text(project.head() + "\n")
    found = move(project, project.head(), landed)
    assert isinstance(found, Refused)
    assert "is under way in" in found.reason


def test_a_bisect_of_the_branch_is_waited_for(project: Folder, landed: str) -> None:
    """It comes back to the branch when it ends."""
    base = project.head()
    project.git("bisect", "start")
    project.git("switch", "--quiet", "--detach")
    found = move(project, base, landed)
    assert isinstance(found, Refused)
    assert "bisect" in found.reason


def test_a_tip_that_has_moved_makes_the_candidate_stale(project: Folder, landed: str) -> None:
    """The user was quicker: merge again on what is there now."""
    base = project.head()
    newer = project.commit(b__py="the user's commit\n")
    found = move(project, base, landed)
    assert found == Refused(reason=f"main has moved to {newer[:12]}", stale=True)
    assert project.head() == newer


def test_a_deleted_branch_is_not_made_again(project: Folder, landed: str) -> None:
    """The reason says so."""
    base = project.head()
    project.git("switch", "--quiet", "-c", "elsewhere")
    project.git("branch", "-D", "main")
    found = move(project, base, landed)
    assert isinstance(found, Refused)
    assert found.reason == "there is no branch main any more"


def test_only_one_of_two_landings_at_once_wins(
    project: Folder, mirror: Mirror, landed: str
) -> None:
    """The other is told that it is stale, or that git is busy; nothing is lost."""
    base = project.head()
    tree = project.git("rev-parse", f"{landed}^{{tree}}")
    rival = commit_tree(mirror.git_dir, tree, (base,), "rival")
    fetch_into(project.git_dir, mirror, rival, "refs/deputize/store/landing/2", known=base)
    project.git("switch", "--quiet", "-c", "elsewhere")
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda new: move(project, base, new), (landed, rival)))
    assert sorted(type(answer).__name__ for answer in found) == ["Moved", "Refused"]
    (winner,) = (answer.commit for answer in found if isinstance(answer, Moved))
    assert read_ref(project.git_dir, "refs/heads/main") == winner


def test_a_landing_can_be_repeated(project: Folder, landed: str) -> None:
    """After a crash it finds itself done, with a checkout or without."""
    base = project.head()
    assert move(project, base, landed) == move(project, base, landed)
    project.git("switch", "--quiet", "-c", "elsewhere")
    assert move(project, base, landed) == Moved(commit=landed, checkout=None)


def test_a_landing_cut_off_before_the_branch_moved_is_finished(
    project: Folder, landed: str
) -> None:
    """Files and index are new already, the branch is old: the second call only moves the branch."""
    base = project.head()
    project.git("read-tree", "-m", "-u", "HEAD", landed)
    assert isinstance(move(project, base, landed), Moved)
    assert project.git("status", "--porcelain") == ""


def test_another_git_at_work_in_the_checkout_is_waited_for(project: Folder, landed: str) -> None:
    """A lock on the index is no error of ours."""
    (project.git_dir / "index.lock").touch()
    found = move(project, project.head(), landed)
    assert isinstance(found, Refused)
    where = f"another git process is at work in {project.path}"
    assert found.reason == f"{where}: index.lock is there"


def test_a_commit_that_does_not_contain_the_tip_is_refused(project: Folder, mirror: Mirror) -> None:
    """Whatever the caller believes, a branch only moves forward."""
    tree = project.git("rev-parse", "HEAD^{tree}")
    stranger = commit_tree(mirror.git_dir, tree, (), "stranger")
    fetch_into(project.git_dir, mirror, stranger, LANDING, known=project.head())
    with pytest.raises(GitError, match="does not contain"):
        move(project, project.head(), stranger)


def test_settings_of_the_user_do_not_turn_it_into_another_merge(
    project: Folder, landed: str, tmp_path: Path
) -> None:
    """Autostash, squash, signatures, hooks, editors: none of it happens."""
    mark = tmp_path / "ran"
    for key, value in {
        "merge.autoStash": "true",
        "merge.ff": "false",
        "merge.verifySignatures": "true",
        "branch.main.mergeOptions": "--squash --no-commit --no-ff",
        "core.editor": f"touch {mark}",
        "commit.gpgSign": "true",
    }.items():
        project.git("config", key, value)
    hook = project.write(".git/hooks/post-merge", f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    project.write("a.py", "dirty\n")
    assert isinstance(move(project, project.head(), landed), Refused)
    project.git("checkout", "--quiet", "a.py")
    assert move(project, project.head(), landed) == Moved(commit=landed, checkout=project.path)
    assert project.git("stash", "list") == ""
    assert not mark.exists()


def test_filters_and_line_endings_of_the_user_hold_in_the_checkout(
    project: Folder, mirror: Mirror, tmp_path: Path, clean_environment: Path
) -> None:
    """What lands in the checkout looks as if the user had merged it."""
    project.write(".gitattributes", "*.up filter=upper\n")
    base = project.commit(x__up="zero\n")
    config = '[filter "upper"]\n\tsmudge = tr a-z A-Z\n\tclean = tr A-Z a-z\n'
    (clean_environment / ".gitconfig").write_text(f"{config}[core]\n\tautocrlf = true\n")
    worktree = add_worktree(mirror, tmp_path / "w", base)
    Folder(worktree.path).write("x.up", "one\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(project.git_dir, mirror, taken.head, LANDING, known=base)
    assert isinstance(move(project, base, taken.head), Moved)
    assert (project.path / "x.up").read_bytes() == b"ONE\r\n"
    assert project.git("status", "--porcelain") == ""


def test_a_submodule_of_the_user_lands_in_its_own_checkout(project: Folder, tmp_path: Path) -> None:
    """Its git directory is far from its working tree."""
    inner = make_project(tmp_path / "inner")
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.path), "sub"
    )
    sub = Folder(project.path / "sub")
    mirror = open_mirror(tmp_path / "repos2", sub.git_dir)
    base = sub.head()
    worktree = add_worktree(mirror, tmp_path / "w", base)
    Folder(worktree.path).write("a.py", "landed\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(sub.git_dir, mirror, taken.head, LANDING, known=base)
    assert move(sub, base, taken.head) == Moved(commit=taken.head, checkout=sub.path)
    assert (sub.path / "a.py").read_text() == "landed\n"


def test_a_shallow_clone_can_be_landed_in(project: Folder, tmp_path: Path) -> None:
    """Its missing history is not asked for."""
    project.commit(a__py="second\n")
    Folder(tmp_path).git("clone", "-q", "--depth=1", f"file://{project.path}", "shallow")
    clone = Folder(tmp_path / "shallow")
    mirror = open_mirror(tmp_path / "repos2", clone.git_dir)
    base = clone.head()
    worktree = add_worktree(mirror, tmp_path / "w", base)
    Folder(worktree.path).commit(a__py="third\n")
    taken = snapshot(worktree, message="x", trailers={}, ref="refs/deputize/1/1")
    fetch_into(clone.git_dir, mirror, taken.head, LANDING, known=base)
    assert has_commit(clone.git_dir, taken.head)
    assert isinstance(move(clone, base, taken.head), Moved)
