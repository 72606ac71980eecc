"""Bring a checked commit into the user's repository and move the target branch to it.

This is the one place that writes to a user's branch or checkout. A branch that is checked out
nowhere moves by compare-and-swap; one that is checked out moves by `git merge --ff-only` in that
checkout, with the user's own configuration, so that filters and line endings are theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, Finished, Git, fields, text, users_git
from deputize.git.merges import is_ancestor
from deputize.git.objects import copy_commits
from deputize.git.refs import branch_name, has_commit, read_ref, set_ref
from deputize.showing import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deputize.git.repository import Mirror

HEADS = "refs/heads/"
NAMED_FILES = 3
"""How many files a reason names before it counts."""
# What git leaves in a worktree's git directory while it waits for a person to go on.
UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase or `git am`",
    "sequencer": "a cherry-pick or revert",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_START": "a bisect",
}
HEAD_NAMES = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")
# The user's own settings for merges must not turn a fast-forward into something else.
FAST_FORWARD = (
    "merge",
    "--ff-only",
    "--commit",
    "--no-squash",
    "--no-autostash",
    "--no-verify-signatures",
    "--no-signoff",
    "--no-stat",
    "--no-progress",
    "--quiet",
)
LOCKED = re.compile(r"Unable to create '(.*?\.lock)': File exists")
BLOCKING = re.compile(r"^error: (.*?)(?: by merge)?:\n((?:\t.*\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The branch is at the new commit."""

    commit: str
    checkout: Path | None
    """The checkout that moved with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The branch stays where it is."""

    reason: str
    """One lower-case line for people."""
    stale: bool
    """The branch's tip is another: make the candidate anew. Else: wait, a person must act."""
    paths: tuple[str, ...] = ()
    """The files that are in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One working tree of a repository."""

    path: Path
    branch: str
    """What is checked out, as a full ref name; empty where HEAD is detached."""
    git_dir: Path


def fetch_into(user_git_dir: Path, mirror: Mirror, commit: str, as_ref: str, *, known: str) -> None:
    """Copy `commit` from the mirror into the user's repository and keep it there as `as_ref`.

    `known` is a commit that the user's repository has and `commit` contains: the target's tip.
    Does nothing twice. Raises GitError.
    """
    if not has_commit(user_git_dir, commit):
        copy_commits(Git(mirror.git_dir), Git(user_git_dir), (commit,), (known,), strict=False)
    set_ref(user_git_dir, as_ref, commit)


def advance(user_git_dir: Path, branch: str, old: str, new: str, *, reason: str) -> Moved | Refused:
    """Move `branch` from the commit `old` to `new`, which must contain it and be there already.

    `reason` goes into the reflog. A branch that has arrived before is `Moved` again: a call that
    was interrupted can be repeated. Raises GitError where `new` does not contain `old`.
    """
    ref = HEADS + branch_name(branch)
    if not is_ancestor(user_git_dir, old, new):
        raise GitError(("merge", "--ff-only"), 1, f"{new[:12]} does not contain {old[:12]}")
    places = [place for place in _places(user_git_dir) if _holds(place, ref)]
    refused = _obstacle(user_git_dir, ref, old, new, places)
    if refused is not None:
        return refused
    if not places:
        return _swap(user_git_dir, ref, old, new, reason)
    return _fast_forward(places[0], ref, new, reason)


def new_branch(user_git_dir: Path, branch: str, commit: str) -> str | None:
    """Make `branch` at `commit`; return why not, where a branch of that name is elsewhere."""
    ref = HEADS + branch_name(branch)
    there = read_ref(user_git_dir, ref)
    if there not in {None, commit}:
        return f"a branch {branch} exists already, at {there}"
    set_ref(user_git_dir, ref, commit, old=there or "0" * len(commit))
    return None


def _obstacle(
    user_git_dir: Path, ref: str, old: str, new: str, places: Sequence[_Place]
) -> Refused | None:
    short = ref.removeprefix(HEADS)
    tip = read_ref(user_git_dir, ref)
    if tip is None:
        return Refused(reason=f"there is no branch {short} any more", stale=False)
    if tip not in {old, new}:
        return Refused(reason=f"{short} has moved to {tip[:12]}", stale=True)
    if len(places) > 1:
        where = " and ".join(str(place.path) for place in places)
        return Refused(reason=f"{short} is checked out in {where}", stale=False)
    for place in places:
        for name, what in UNDER_WAY.items():
            if (place.git_dir / name).exists():
                return Refused(reason=f"{what} is under way in {place.path}", stale=False)
    return None


def _swap(user_git_dir: Path, ref: str, old: str, new: str, reason: str) -> Moved | Refused:
    words = ("update-ref", "--no-deref", "-m", reason, ref, new)
    try:
        if read_ref(user_git_dir, ref) != new:
            Git(user_git_dir).run(*words, old)
    except GitError:
        tip = read_ref(user_git_dir, ref)
        if tip in {old, None}:
            raise
        return Refused(reason=f"{ref.removeprefix(HEADS)} has moved to {tip}", stale=True)
    return Moved(commit=new, checkout=None)


def _fast_forward(place: _Place, ref: str, new: str, reason: str) -> Moved | Refused:
    """Merge in the checkout, in a session of its own: a Ctrl-C must not leave it half written."""
    git = users_git(place.path)
    # The second mark keeps upkeep from taking it, in a session of its own, for an agent's orphan.
    git.environment |= {"GIT_REFLOG_ACTION": reason, "DEPUTIZE_RUN": "landing"}
    head = text(git.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1)).stdout).strip()
    if head != ref:
        return Refused(reason=f"{place.path} has just left the branch", stale=True)
    finished = git.run(
        *FAST_FORWARD, new, accept=(), timeout_seconds=CHECKOUT_TIMEOUT_SECONDS, own_session=True
    )
    if finished.exit_code == 0 and git.line("rev-parse", "--verify", ref) == new:
        return Moved(commit=new, checkout=place.path)
    return _refusal(place, ref, finished)


def _refusal(place: _Place, ref: str, finished: Finished) -> Refused:
    """Say in one line why git would not merge."""
    short = ref.removeprefix(HEADS)
    found = BLOCKING.search(finished.stderr)
    if found:
        paths = tuple(line.removeprefix("\t") for line in found[2].splitlines())
        what = "local changes in" if "local changes" in found[1] else "untracked files in the way:"
        return Refused(
            reason=f"your checkout of {short} has {what} {_listed(paths)}", stale=False, paths=paths
        )
    locked = LOCKED.search(finished.stderr)
    if locked:
        what = f"{Path(locked[1]).name} is there"
        reason = f"another git process is at work in {place.path}: {what}"
        return Refused(reason=reason, stale=False, paths=(locked[1],))
    if "Not possible to fast-forward" in finished.stderr:
        return Refused(reason=f"{short} has moved meanwhile", stale=True)
    said = [line for line in finished.stderr.splitlines() if not line.startswith("hint:")]
    last = (said or ["no message"])[-1].removeprefix("fatal: ").removeprefix("error: ")
    return Refused(reason=f"git does not merge in your checkout of {short}: {last}", stale=False)


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED_FILES
    return ", ".join(map(shown_name, paths[:NAMED_FILES])) + (
        f" and {more} more" if more > 0 else ""
    )


def _places(user_git_dir: Path) -> Iterator[_Place]:
    """List the working trees that exist; a repository's own comes first."""
    listed = fields(Git(user_git_dir).read("worktree", "list", "--porcelain", "-z"))
    entries = "\0".join(listed).split("\0\0")
    for entry in entries:
        facts = dict(line.partition(" ")[::2] for line in entry.split("\0") if line)
        if "worktree" not in facts or "bare" in facts:
            continue
        path = Path(facts["worktree"])
        path = _submodule_tree(user_git_dir) if path == user_git_dir else path
        git_dir = _git_dir_of(path)
        if git_dir is not None:
            yield _Place(path=path, branch=facts.get("branch", ""), git_dir=git_dir)


def _submodule_tree(user_git_dir: Path) -> Path:
    """Return the tree of a submodule, whose git directory is listed in its place."""
    named = Git(user_git_dir).run("config", "--get", "core.worktree", accept=(0, 1)).stdout
    return (user_git_dir / text(named).removesuffix("\n")).resolve()


def _git_dir_of(tree: Path) -> Path | None:
    """Return a working tree's own git directory; None where the tree is gone."""
    if (tree / ".git").is_dir():
        return tree / ".git"
    try:
        pointer = text((tree / ".git").read_bytes()).removesuffix("\n")
    except OSError:
        return None
    return tree / pointer.removeprefix("gitdir: ")


def _holds(place: _Place, ref: str) -> bool:
    return place.branch == ref or ref in _interrupted(place.git_dir)


def _interrupted(git_dir: Path) -> Iterator[str]:
    """Name the branches that a rebase or bisect in this tree will come back to."""
    for name in HEAD_NAMES:
        try:
            said = text((git_dir / name).read_bytes()).strip()
        except OSError:
            continue
        yield said if said.startswith(HEADS) else HEADS + said
