"""Names and refs of a repository, and the few questions about one commit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.git.command import BaseLost, Git, text

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A full object id, SHA-1 or SHA-256."""
STORE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
# What `git check-ref-format --branch` refuses, without a process.
BAD_NAME = re.compile(
    r"""^-|^@$|^HEAD$|^$|^/|/$|//|\.\.|@\{|\.$|(?:^|/)\.|\.lock(?:/|$)|[\x00-\x20\x7f~^:?*\[\\]"""
)
LONGEST_NAME = 240
"""In bytes: a ref is a file name on most disks, and git adds `.lock` to it."""


def branch_name(name: str) -> str:
    """Return the short name of a branch that a person named. Raises InvalidInput for bad names."""
    short = name.removeprefix("refs/heads/")
    longest = max(len(part.encode("utf-8", "surrogateescape")) for part in short.split("/"))
    if BAD_NAME.search(short) or longest > LONGEST_NAME:
        raise InvalidInput(
            f"{name!r} is not a branch name", hint="git branch --list", field="target"
        )
    return short


def base_ref(store: str, commit: str) -> str:
    """Return the ref that keeps `commit` in the user's repository for the store named `store`."""
    return f"refs/deputize/{_store(store)}/base/{_commit(commit)}"


def in_place_ref(store: str, task: int) -> str:
    """Return the ref that keeps a checkout's commit from before an in-place task."""
    return f"refs/deputize/{_store(store)}/in-place/{int(task)}"


def landing_ref(store: str, change: int) -> str:
    """Return the ref under which a checked commit waits in the user's repository to be landed."""
    return f"refs/deputize/{_store(store)}/landing/{int(change)}"


def pin(git_dir: Path, store: str, commit: str) -> str:
    """Keep `commit` from being pruned out of the user's repository; return the ref that does."""
    ref = base_ref(store, commit)
    set_ref(git_dir, ref, commit)
    return ref


def unpin(git_dir: Path, store: str, commit: str) -> None:
    """Undo `pin`; it is no error where there was no pin."""
    delete_ref(git_dir, base_ref(store, commit))


def set_ref(git_dir: Path, ref: str, commit: str, *, old: str | None = None) -> None:
    """Point `ref` at `commit`. Raises GitError, among others where it isn't at `old`, if given."""
    Git(git_dir).run("update-ref", "--no-deref", ref, commit, *(() if old is None else (old,)))


def delete_ref(git_dir: Path, ref: str) -> None:
    """Delete `ref`; it is no error where it does not exist."""
    Git(git_dir).run("update-ref", "--no-deref", "-d", ref)


def read_ref(git_dir: Path, ref: str) -> str | None:
    """Return the commit that a full ref name points at; None where there is no such ref."""
    finished = Git(git_dir).run(
        "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", accept=(0, 1)
    )
    return text(finished.stdout).strip() or None


def list_refs(git_dir: Path, prefix: str) -> dict[str, str]:
    """Return the refs below `prefix` (such as `refs/deputize/`), each with its object id."""
    lines = Git(git_dir).read("for-each-ref", "--format=%(objectname) %(refname)", prefix)
    pairs = (line.split(" ", 1) for line in text(lines).splitlines())
    return {name: commit for commit, name in pairs}


def has_commit(git_dir: Path, commit: str) -> bool:
    """Tell whether the repository has `commit`."""
    words = ("cat-file", "-e", f"{_commit(commit)}^{{commit}}")
    return Git(git_dir).run(*words, accept=()).exit_code == 0


def require_commit(git_dir: Path, commit: str) -> None:
    """Raise BaseLost where the repository does not have `commit` (any more)."""
    if not has_commit(git_dir, commit):
        raise BaseLost(
            f"commit {commit[:12]} is no longer in the repository",
            hint="queue the task again: it will start from the branch as it is now",
        )


def tree_of(git_dir: Path, commit: str) -> str:
    """Return the tree of `commit`. Raises GitError where there is no such commit."""
    return Git(git_dir).line("rev-parse", "--verify", f"{commit}^{{tree}}")


def is_kept(git_dir: Path, commit: str) -> bool:
    """Tell whether a ref of the repository reaches `commit`."""
    found = Git(git_dir).run("for-each-ref", "--count=1", "--contains", _commit(commit), accept=())
    return bool(found.stdout.strip())


def _store(name: str) -> str:
    if not STORE.fullmatch(name):
        raise InvalidInput(f"{name!r} is not a store's name")
    return name


def _commit(name: str) -> str:
    if not COMMIT.fullmatch(name):
        raise InvalidInput(f"{name!r} is not a full commit id", hint="git rev-parse BRANCH")
    return name
