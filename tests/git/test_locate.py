"""Finding the repository, branch and commit that a folder stands for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deputize.errors import ConfigError, InvalidInput
from deputize.git.locate import locate, pin, read_blob, resolve, start_status, unpin
from deputize.git.refs import base_ref, branch_name, list_refs
from tests.fixtures.repositories import Folder, make_project, make_repository


def refusal(start: Path, target: str | None = None) -> InvalidInput:
    """Return the error that `locate` answers with."""
    with pytest.raises(InvalidInput) as caught:
        locate(start, target)
    return caught.value


def test_a_folder_deep_in_a_checkout_stands_for_the_branch_that_is_checked_out(
    project: Folder,
) -> None:
    """The checkout's top, the shared git directory, branch and tip are found."""
    found = locate(project.path / "src" / "deep")
    assert found.checkout == project.path
    assert found.git_dir == project.path / ".git"
    assert (found.target, found.base) == ("main", project.head())


def test_a_named_branch_is_found_without_being_checked_out(project: Folder) -> None:
    """`--target` gives that branch's tip, also where HEAD is detached."""
    first = project.head()
    project.git("branch", "release/1.0")
    project.commit(a__py="newer\n")
    project.git("switch", "--quiet", "--detach")
    found = locate(project.path, "release/1.0")
    assert (found.target, found.base) == ("release/1.0", first)
    assert locate(project.path, "refs/heads/release/1.0") == found


def test_a_linked_worktree_is_the_checkout_of_the_shared_repository(
    project: Folder, tmp_path: Path
) -> None:
    """Its own top and branch, with the git directory of the main one."""
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    found = locate(tmp_path / "linked")
    assert found.checkout == tmp_path / "linked"
    assert found.git_dir == project.git_dir
    assert found.target == "side"


def test_inside_a_submodule_its_own_repository_is_meant(project: Folder, tmp_path: Path) -> None:
    """A submodule is a repository with its own branch and commits."""
    inner = make_project(tmp_path / "inner")
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub"
    )
    found = locate(project.path / "sub")
    assert found.checkout == project.path / "sub"
    assert found.git_dir == project.git_dir / "modules" / "sub"
    assert found.base == inner.head()


def test_a_bare_repository_stands_for_the_branch_of_its_head(
    project: Folder, tmp_path: Path
) -> None:
    """There is no checkout, and a folder inside it does as well."""
    bare = make_repository(tmp_path / "bare.git", bare=True)
    project.git("push", "--quiet", str(bare.path), "main")
    for start in (bare.path, bare.path / "refs"):
        found = locate(start)
        assert (found.checkout, found.git_dir) == (None, bare.path)
        assert (found.target, found.base) == ("main", project.head())


def test_a_sha256_repository_is_found_as_well(tmp_path: Path) -> None:
    """Its commits have 64 digits."""
    found = locate(make_project(tmp_path / "p", object_format="sha256").path)
    assert len(found.base) == 64


def test_outside_any_repository_the_ways_out_are_named(tmp_path: Path) -> None:
    """The path is in the message; `git init`, `--repo` and `--scratch` in the hint."""
    error = refusal(tmp_path)
    assert error.message == f"not inside a git repository: {tmp_path}"
    assert "--scratch" in (error.hint or "")
    assert "no such folder" in refusal(tmp_path / "absent").message


def test_a_git_directory_is_no_place_for_a_task(project: Folder) -> None:
    """Inside `.git` of a checkout the user is sent to the working tree."""
    assert "inside a git directory" in refusal(project.git_dir / "refs").message


def test_no_commits_a_detached_head_and_an_unborn_branch_each_say_what_to_do(
    project: Folder, tmp_path: Path
) -> None:
    """The hint is a first commit, or the nearest branch that there is."""
    empty = make_repository(tmp_path / "empty")
    assert refusal(empty.path).message == "the repository has no commits yet"
    assert "commit" in (refusal(empty.path, "main").hint or "")
    project.git("switch", "--quiet", "--orphan", "unborn")
    assert refusal(project.path).hint == "--target main"
    project.git("switch", "--quiet", "--detach", "main")
    error = refusal(project.path)
    assert "detached" in error.message
    assert error.hint == "--target main"


def test_a_missing_branch_is_answered_with_the_nearest_one(project: Folder, tmp_path: Path) -> None:
    """A typing error gets the branch that was meant; a remote's branch, how to make it local."""
    project.git("branch", "develop")
    assert refusal(project.path, "devlop").hint == "--target develop"
    clone = Folder(tmp_path)
    clone.git("clone", "--quiet", str(project.path), "clone")
    assert refusal(tmp_path / "clone", "develop").hint == "git branch develop origin/develop"


@pytest.mark.parametrize(
    "name", ["-x", "--all", "a..b", "", "a b", "a\nb", "a\0b", "a~1", "HEAD", "@", "x.lock", "/a",
             "a//b", ".hid", "a/.b", "a@{1}", "b/", "é" * 200, "a\x1b[0m"]
)  # fmt: skip
def test_hostile_branch_names_never_reach_git(name: str) -> None:
    """What could be an option, a range or a terminal sequence is refused as bad input."""
    with pytest.raises(InvalidInput, match="not a branch name"):
        branch_name(name)


def test_a_branch_that_is_no_utf8_is_refused(project: Folder) -> None:
    """Nothing that the store could not keep comes through."""
    ref = os.fsencode(project.git_dir) + b"/refs/heads/\xff"
    Path(os.fsdecode(ref)).write_text(project.head() + "\n")
    (project.git_dir / "HEAD").write_bytes(b"ref: refs/heads/\xff\n")
    assert "UTF-8" in refusal(project.path).message


def test_variables_of_a_surrounding_git_do_not_mislead(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called from a hook, where GIT_DIR points elsewhere, the folder still decides."""
    other = make_project(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.git_dir))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert locate(project.path).checkout == project.path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_not_trusted_silently(project: Folder) -> None:
    """Git's own check of ownership stands, and the hint is how to lift it."""
    for path in (project.path, project.git_dir):
        os.chown(path, 12345, 12345)
    error = refusal(project.path)
    assert "does not trust" in error.message
    assert "safe.directory" in (error.hint or "")


def test_without_git_the_user_is_told_to_install_it(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing program is a configuration error."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ConfigError, match="git is not installed"):
        locate(project.path)


def test_resolve_takes_what_git_takes_and_no_options(project: Folder) -> None:
    """Tags, short ids and `main~1` work; an option, a NUL or a missing name is bad input."""
    first = project.head()
    second = project.commit(a__py="newer\n")
    project.git("tag", "-a", "-m", "x", "v1")
    found = locate(project.path)
    assert resolve(found, "v1") == resolve(found, second[:8]) == second
    assert resolve(found, "main~1") == first
    for name in ("--all", "nothing", "a\0b", "HEAD:a.py"):
        with pytest.raises(InvalidInput, match="no commit called"):
            resolve(found, name)


def test_read_blob_reads_a_file_of_a_commit_up_to_a_limit(project: Folder) -> None:
    """The commit decides, not the checkout; absent files and folders are None."""
    head = project.head()
    project.write("a.py", "edited\n")
    assert read_blob(project.git_dir, head, "a.py") == b"a\n"
    assert read_blob(project.git_dir, head, "absent") is None
    assert read_blob(project.git_dir, head, "src") is None
    assert read_blob(project.git_dir, head, "odd\nname") is None
    with pytest.raises(InvalidInput, match="at most 1 are read"):
        read_blob(project.git_dir, head, "a.py", limit=1)


def test_a_pinned_commit_survives_a_prune_and_unpinned_it_does_not(project: Folder) -> None:
    """The pin is a ref of the store's own; undoing it twice is no error."""
    keep = project.head()
    lost = project.commit(a__py="lost\n")
    pin(project.git_dir, "store-1", lost)
    pin(project.git_dir, "store-1", lost)
    project.git("reset", "--quiet", "--hard", keep)
    prune = ("-c", "gc.reflogExpire=now", "-c", "gc.reflogExpireUnreachable=now", "gc", "-q")
    project.git(*prune, "--prune=now")
    assert project.git("cat-file", "-t", lost) == "commit"
    assert list_refs(project.git_dir, "refs/deputize/") == {base_ref("store-1", lost): lost}
    unpin(project.git_dir, "store-1", lost)
    unpin(project.git_dir, "store-1", lost)
    project.git(*prune, "--prune=now")
    with pytest.raises(AssertionError):
        project.git("cat-file", "-t", lost)


def test_names_of_stores_and_commits_can_not_leave_their_folder(project: Folder) -> None:
    """Only a plain name and a full id make a ref."""
    for store, commit in (("../heads", project.head()), ("s", "main"), ("", project.head())):
        with pytest.raises(InvalidInput):
            pin(project.git_dir, store, commit)


def test_status_counts_what_a_task_would_not_see(project: Folder) -> None:
    """Changed, staged, deleted and untracked files count, ignored ones don't."""
    assert start_status(project.path).finish() == 0
    project.write("a.py", "changed\n")
    project.write("new/one.txt")
    project.write("new/two.txt")
    project.write("x.log")
    (project.path / "b.py").unlink()
    index = (project.git_dir / "index").read_bytes()
    assert start_status(project.path).finish() == 3
    assert (project.git_dir / "index").read_bytes() == index


def test_status_gives_up_where_it_takes_too_long(project: Folder) -> None:
    """No number is better than making the user wait."""
    assert start_status(project.path).finish(timeout_seconds=0) is None
    assert start_status(project.path / "absent").finish() is None


def test_locating_imports_nothing_that_add_would_wait_for() -> None:
    """Only small parts of the standard library, no dataclasses, no asyncio."""
    code = "import sys; import deputize.git.locate; print(*sys.modules)"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {
        "dataclasses",
        "inspect",
        "asyncio",
        "tempfile",
        "shutil",
        "hashlib",
        "difflib",
        "json",
    }
    bare = subprocess.run(
        (sys.executable, "-c", "import sys; print(*sys.modules)"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (loaded - set(bare.stdout.split())) & heavy
