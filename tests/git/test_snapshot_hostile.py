"""Snapshots of worktrees whose agent broke, moved or forged things."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from deputize.errors import GitError
from deputize.git.command import Git
from deputize.git.refs import read_ref
from deputize.git.repository import open_mirror
from deputize.git.snapshot import (
    save_aside,
    snapshot,
)
from deputize.git.worktree import Worktree, add_worktree, note_private
from tests.fixtures.repositories import Folder, make_project, make_repository
from tests.git.captures import REF, START, changes_anything, content, paths, take


def test_where_head_is_not_from_the_base_the_files_become_one_commit(
    project: Folder, worktree: Worktree, agent: Folder
) -> None:
    """An orphan branch with commits: only what its files are now counts."""
    agent.git("checkout", "--quiet", "--orphan", "fresh")
    agent.commit(a__py="rewritten\n")
    taken = take(worktree)
    assert (taken.moved, taken.commits, taken.dirty) == (True, 1, False)
    assert paths(worktree, taken) == START
    assert Git(worktree.mirror.git_dir).line("rev-parse", f"{taken.head}^") == project.head()


def test_head_moved_to_an_older_commit_still_gives_the_final_files(
    project: Folder, tmp_path: Path
) -> None:
    """What the newer base had is deleted in the change, as it is in the folder."""
    older = project.head()
    base = project.commit(extra__py="extra\n")
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    worktree = add_worktree(mirror, tmp_path / "w", base)
    Folder(worktree.path).git("checkout", "--quiet", older)
    taken = take(worktree)
    assert taken.moved
    assert paths(worktree, taken) == START


def test_without_its_dot_git_the_folder_is_captured_all_the_same(
    worktree: Worktree, agent: Folder
) -> None:
    """The commits made before it was deleted are kept too."""
    agent.commit(a__py="committed\n")
    agent.write("b.py", "not committed\n")
    (agent.path / ".git").unlink()
    taken = take(worktree)
    assert not (agent.path / ".git").exists()
    assert (taken.commits, taken.moved) == (2, False)
    assert content(worktree, taken, "b.py") == b"not committed\n"


def test_a_repository_that_the_agent_made_in_place_of_ours_is_named(
    worktree: Worktree, agent: Folder
) -> None:
    """`rm .git; git init; git commit`: the files count, its history does not."""
    (agent.path / ".git").unlink()
    agent.git("init", "--quiet")
    agent.commit(a__py="in its own repository\n")
    taken = take(worktree)
    assert taken.skipped == (".git",)
    assert content(worktree, taken, "a.py") == b"in its own repository\n"
    assert paths(worktree, taken) == START


def test_a_git_directory_that_was_destroyed_costs_no_file(
    worktree: Worktree, agent: Folder
) -> None:
    """Head, index and objects are gone; the folder is still the result."""
    agent.commit(a__py="committed\n")
    shutil.rmtree(worktree.git_dir)
    taken = take(worktree)
    assert (taken.moved, taken.commits) == (True, 1)
    assert content(worktree, taken, "a.py") == b"committed\n"


def test_when_the_folder_itself_is_gone_the_commits_are_left(
    worktree: Worktree, agent: Folder
) -> None:
    """What was committed is the result, and the loss is named."""
    own = agent.commit(a__py="committed\n")
    shutil.rmtree(worktree.path)
    taken = take(worktree)
    assert (taken.head, taken.skipped) == (own, (".",))


def test_a_folder_replaced_by_a_link_is_not_followed(worktree: Worktree, tmp_path: Path) -> None:
    """The files behind the link are somebody else's."""
    shutil.rmtree(worktree.path)
    Folder(tmp_path).write("victim/secret.txt", "secret\n")
    worktree.path.symlink_to(tmp_path / "victim")
    taken = take(worktree)
    assert (changes_anything(worktree, taken), taken.skipped) == (False, (".",))


@pytest.mark.parametrize("damage", ["lock", "garbage", "pipe"])
def test_a_broken_or_locked_index_does_not_matter(
    worktree: Worktree, agent: Folder, damage: str
) -> None:
    """The snapshot uses an index of its own."""
    index = worktree.git_dir / "index"
    agent.write("a.py", "changed\n")
    if damage == "lock":
        index.with_name("index.lock").touch()
    elif damage == "garbage":
        index.write_bytes(os.urandom(500))
    else:
        index.unlink()
        os.mkfifo(index)
    taken = take(worktree)
    assert paths(worktree, taken) == START
    assert content(worktree, taken, "a.py") == b"changed\n"


def test_inner_repositories_are_left_out_and_named(worktree: Worktree, agent: Folder) -> None:
    """With commits or without, also where the agent has staged or committed them."""
    make_project(agent.path / "vendor" / "full")
    make_repository(agent.path / "empty").write("file.txt")
    agent.write("beside.txt")
    taken = take(worktree)
    assert taken.skipped == ("empty", "vendor/full")
    assert paths(worktree, taken) == sorted([*START, "beside.txt"])
    agent.git("add", "vendor/full")
    assert take(worktree).skipped == ("empty", "vendor/full")
    agent.git("commit", "--quiet", "-m", "inner")
    taken = take(worktree)
    assert "vendor/full" in taken.skipped
    assert paths(worktree, taken) == sorted([*START, "beside.txt"])


def test_a_tracked_file_replaced_by_an_inner_repository_is_deleted_and_named(
    worktree: Worktree, agent: Folder
) -> None:
    """The link to it never becomes part of the change."""
    (agent.path / "a.py").unlink()
    make_project(agent.path / "a.py")
    taken = take(worktree)
    assert taken.skipped == ("a.py",)
    assert paths(worktree, taken) == [".gitignore", "b.py", "src/deep/module.py"]


def test_symbolic_links_are_kept_as_links_and_never_followed(
    worktree: Worktree, agent: Folder, tmp_path: Path
) -> None:
    """A link out of the worktree holds its target's name; a folder made a link loses its files."""
    Folder(tmp_path).write("outside/secret.txt", "secret\n")
    (agent.path / "out").symlink_to(tmp_path / "outside")
    (agent.path / "dangling").symlink_to("/nonexistent/x")
    shutil.rmtree(agent.path / "src")
    (agent.path / "src").symlink_to(tmp_path / "outside")
    taken = take(worktree)
    assert paths(worktree, taken) == [".gitignore", "a.py", "b.py", "dangling", "out", "src"]
    assert content(worktree, taken, "out") == bytes(tmp_path / "outside")


@pytest.mark.parametrize(
    "name",
    [b"new\nline", b'quo"te', b"-leading", b"\xff\xfe", b":(top)x", b"*", b"a\\b", b"\t \x01"],
)
def test_files_with_any_name_are_captured(worktree: Worktree, agent: Folder, name: bytes) -> None:
    """Names are bytes; none is an option, a pattern or a quotation."""
    path = os.path.join(bytes(agent.path), name)  # noqa: PTH118 - the name is no text
    Path(os.fsdecode(path)).write_bytes(b"x")
    taken = take(worktree)
    assert taken.skipped == ()
    assert os.fsdecode(name) in paths(worktree, taken)


def test_files_that_can_not_be_stored_are_named_and_cost_nothing_else(
    worktree: Worktree, agent: Folder
) -> None:
    """A name that git refuses is skipped; pipes and sockets are no files."""
    agent.write("sub/.git~1", "x")
    agent.write("git~1", "x")
    agent.write("good.txt")
    os.mkfifo(agent.path / "pipe")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(os.path.relpath(agent.path / "s"))
        taken = take(worktree)
    assert paths(worktree, taken) == sorted([*START, "good.txt", "sub/.git~1"])
    assert taken.skipped == ("git~1",)


def test_filters_hooks_and_monitors_that_the_agent_configures_never_run(
    worktree: Worktree, agent: Folder, tmp_path: Path
) -> None:
    """Its configuration names programs for everything, its attributes ask for them."""
    mark = tmp_path / "ran"
    command = f"sh -c 'echo >> {mark}; cat'"
    for key in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "core.fsmonitor"):
        agent.git("config", key, command)
    agent.git("config", "diff.x.textconv", command)
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        agent.write("hooks/" + hook, f"#!/bin/sh\necho >> {mark}\n").chmod(0o755)
    agent.git("config", "core.hooksPath", "hooks")
    agent.write(".gitattributes", "* filter=x diff=x\n")
    agent.write("a.py", "changed\n")
    taken = take(worktree)
    assert content(worktree, taken, "a.py") == b"changed\n"
    save_aside(worktree, prefix="refs/deputize/aside/1/1", but=taken.head)
    assert not mark.exists()


def test_flags_in_the_agents_index_hide_nothing(worktree: Worktree, agent: Folder) -> None:
    """`assume-unchanged` and `skip-worktree` are promises that we don't take."""
    agent.git("update-index", "--assume-unchanged", "a.py")
    agent.git("update-index", "--skip-worktree", "b.py")
    agent.write("a.py", "hidden\n")
    agent.write("b.py", "hidden\n")
    taken = take(worktree)
    assert content(worktree, taken, "a.py") == b"hidden\n"
    assert content(worktree, taken, "b.py") == b"hidden\n"


def test_files_copied_in_from_the_user_never_get_into_a_commit(
    worktree: Worktree, agent: Folder
) -> None:
    """Not even where the agent adds one by force; its commits are then folded into one."""
    agent.write("conf/.env", "TOKEN=1\n")
    note_private(worktree, frozenset({"conf/.env"}))
    assert agent.git("status", "--porcelain") == ""
    assert not changes_anything(worktree, take(worktree))
    agent.git("add", "--force", "conf/.env")
    assert not changes_anything(worktree, take(worktree))
    agent.write("a.py", "changed\n")
    agent.git("commit", "--quiet", "-am", "with the secret")
    taken = take(worktree)
    assert (taken.moved, taken.commits) == (True, 1)
    assert paths(worktree, taken) == START
    everything = Git(worktree.mirror.git_dir).read("log", "--all", "-p", "--format=")
    assert b"TOKEN" not in everything


def test_commits_with_missing_objects_are_folded_into_one(
    worktree: Worktree, agent: Folder
) -> None:
    """What can't be copied whole isn't copied at all; the files are."""
    agent.commit(lost__txt="soon lost\n")
    agent.commit(lost__txt="final\n")
    lost = agent.git("rev-parse", "HEAD~1:lost.txt")
    (worktree.git_dir / "objects" / lost[:2] / lost[2:]).unlink()
    taken = take(worktree)
    assert (taken.moved, taken.commits) == (True, 1)
    assert content(worktree, taken, "lost.txt") == b"final\n"


def test_a_tree_that_would_write_into_dot_git_is_never_taken(
    worktree: Worktree, agent: Folder
) -> None:
    """A forged commit with `.git/hooks/x` in it is refused by its content."""
    blob = agent.git("hash-object", "-w", "--stdin", stdin=b"evil")
    inner = agent.git("mktree", stdin=f"100755 blob {blob}\tpost-checkout\n".encode())
    outer = agent.git("mktree", stdin=f"040000 tree {inner}\t.git\n".encode())
    forged = agent.git("commit-tree", outer, "-p", "HEAD", "-m", "forged")
    agent.git("update-ref", "--no-deref", "HEAD", forged)
    taken = take(worktree)
    assert taken.moved
    assert paths(worktree, taken) == START
    assert Git(worktree.mirror.git_dir).run("cat-file", "-e", forged, accept=()).exit_code != 0


def test_a_change_within_the_same_moment_as_the_checkout_is_seen(
    worktree: Worktree, agent: Folder
) -> None:
    """Same size, same times as when the index was written: the content decides."""
    before = (agent.path / "a.py").stat()
    agent.write("a.py", "A\n")
    os.utime(agent.path / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    taken = take(worktree)
    assert content(worktree, taken, "a.py") == b"A\n"


def test_a_full_disk_is_an_error_and_not_an_empty_change(worktree: Worktree, agent: Folder) -> None:
    """Where the mirror can't be written to, no ref is made."""
    agent.write("a.py", "x")
    read_only = worktree.mirror.git_dir
    done = subprocess.run(("chattr", "+i", str(read_only)), capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this file system can't make a folder unwritable for root")
    try:
        with pytest.raises((GitError, OSError)):
            snapshot(worktree, message="x", trailers={}, ref=REF)
    finally:
        subprocess.run(("chattr", "-i", str(read_only)), check=True)
    assert read_ref(read_only, REF) is None
