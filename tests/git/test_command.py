"""Calling git so that only the call decides what happens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from deputize.errors import ConfigError, GitError
from deputize.git.command import Git, is_out_of_disk, require_git, users_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.repositories import Folder


def program(folder: Path, name: str, body: str) -> Path:
    """Write a shell script and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / name
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return script


def test_hooks_monitors_and_filters_of_a_repository_do_not_run(
    project: Folder, tmp_path: Path
) -> None:
    """A configuration that names programs everywhere starts none of them."""
    mark = tmp_path / "ran"
    evil = program(tmp_path / "bin", "evil", f"echo ran >> {mark}")
    for hook in ("reference-transaction", "post-index-change", "post-checkout"):
        program(project.git_dir / "hooks", hook, f"echo hook >> {mark}")
    project.git("config", "core.fsmonitor", str(evil))
    project.git("config", "core.pager", str(evil))
    project.git("config", "core.editor", str(evil))
    git = Git(project.git_dir, work_tree=project.path)
    git.run("status", "--porcelain")
    git.run("update-ref", "refs/heads/new", project.git("rev-parse", "HEAD^{commit}"))
    mark.unlink(missing_ok=True)
    git.run("update-ref", "refs/heads/newer", "HEAD")
    git.run("add", "--all")
    users_git(project.path).run("status", "--porcelain")
    assert not mark.exists()


def test_an_error_names_the_command_its_exit_code_and_gits_last_words(project: Folder) -> None:
    """The options that every call has are left out of it."""
    with pytest.raises(GitError) as caught:
        Git(project.git_dir).run("cat-file", "-p", "absent")
    assert caught.value.argv == ("cat-file", "-p", "absent")
    assert caught.value.exit_code == 128
    assert "absent" in caught.value.message


def test_a_git_that_does_not_answer_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout becomes an error of git."""
    program(tmp_path / "slow", "git", "exec sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path / "slow"), prepend=os.pathsep)
    with pytest.raises(GitError, match=r"no answer within 0\.1 s"):
        Git(tmp_path).run("status", timeout_seconds=0.1)


def test_a_git_that_is_too_old_is_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the version found, the hint the one wanted."""
    assert require_git() >= (2, 38)
    program(tmp_path / "old", "git", "echo git version 2.25.1")
    monkeypatch.setenv("PATH", str(tmp_path / "old"), prepend=os.pathsep)
    with pytest.raises(ConfigError, match=r"git 2\.25 is too old") as caught:
        require_git()
    assert caught.value.hint == "install git 2.38 or newer"


def test_a_full_disk_can_be_told_from_other_failures(project: Folder) -> None:
    """The outcome of an attempt depends on it."""
    full = GitError(("add",), 128, "fatal: write error: No space left on device")
    with pytest.raises(GitError) as caught:
        Git(project.git_dir).run("cat-file", "-p", "absent")
    assert is_out_of_disk(full)
    assert not is_out_of_disk(caught.value)
