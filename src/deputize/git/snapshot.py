"""What an attempt has done, as commits that are kept by a ref of the mirror."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.capture import Captured, capture
from deputize.git.checkout import head_commit
from deputize.git.command import Git, is_out_of_disk, users_git
from deputize.git.commits import write_commit
from deputize.git.objects import aside, copy_commits
from deputize.git.refs import list_refs, set_ref, tree_of
from deputize.git.repository import INCOMING, owned
from deputize.git.worktree import agents_head, agents_tips, is_removed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from deputize.git.repository import Mirror
    from deputize.git.worktree import Worktree


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The final state of a working tree, on top of the commit it started from."""

    base: str
    head: str
    """The newest commit; `base` itself where nothing was done."""
    tree: str
    commits: int
    """How many commits lead from `base` to `head`, ours included."""
    dirty: bool
    """Whether the agent had left work uncommitted."""
    moved: bool
    """Whether the agent's HEAD no longer came from `base`, so that its commits were not kept.

    In a checkout of the user's: whether HEAD is elsewhere than at `base`.
    """
    skipped: tuple[str, ...]
    """Paths that are not in it: inner repositories, files that git could not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """The agent's own commits."""

    head: str
    """Where they end and ours begins: the base, where there are none that can be kept."""
    commits: int
    moved: bool
    tree: str
    """The tree of the agent's HEAD, wherever it is."""


def snapshot(
    worktree: Worktree, *, message: str, trailers: Mapping[str, str], ref: str
) -> Snapshot:
    """Commit the final tree of `worktree` on its base, durably, and point `ref` at the commit.

    The agent's commits are kept where its HEAD still descends from the base; what it left
    uncommitted, untracked files included, becomes one commit after them. Where HEAD is elsewhere,
    the final tree becomes a single commit on the base. Raises GitError.
    """
    mirror = worktree.mirror
    with _quarantine(worktree) as (git, index):
        own = _own_commits(worktree, git)
        captured = _captured(worktree, git, index, own)
        head, own = _commit(git, worktree, own, captured.tree, message, trailers)
    set_ref(mirror.git_dir, ref, head)
    return Snapshot(
        base=worktree.base,
        head=head,
        tree=captured.tree,
        commits=own.commits,
        dirty=captured.tree != own.tree,
        moved=own.moved,
        skipped=captured.skipped,
    )


def measure(worktree: Worktree) -> Captured:
    """Return what a snapshot would hold now, keeping nothing."""
    with _quarantine(worktree) as (git, index):
        return _captured(worktree, git, index, _own_commits(worktree, git))


def save_aside(worktree: Worktree, *, prefix: str, but: str) -> tuple[str, ...]:
    """Keep the agent's other commits (branches, stashes) that `but` does not reach.

    Returns the refs `PREFIX/COMMIT` that keep them. Raises GitError.
    """
    mirror = worktree.mirror
    with _quarantine(worktree) as (git, _):
        known = [but, worktree.base, *list_refs(mirror.git_dir, prefix).values()]
        present = [tip for tip in sorted(agents_tips(worktree)) if _is_commit(git, tip)]
        found = [tip for tip in present if _adds_to(git, tip, known)]
        if found:
            copy_commits(git, Git(mirror.git_dir), found, known, strict=True)
    refs = tuple(f"{prefix}/{tip}" for tip in found)
    for ref, tip in zip(refs, found, strict=True):
        set_ref(mirror.git_dir, ref, tip)
    return refs


def snapshot_checkout(
    checkout: Path, mirror: Mirror, base: str, *, message: str, ref: str
) -> Snapshot:
    """Commit, in the mirror only, the files of a checkout of the user's on top of `base`.

    The user's repository, index included, stays as it is; their filters and ignore rules hold.
    """
    with _checkout_tree(checkout, mirror, base) as (git, tree):
        changed = tree != tree_of(mirror.git_dir, base)
        head = write_commit(git, tree, (base,), message) if changed else base
        copy_commits(git, Git(mirror.git_dir), (head,), (base,), strict=True)
    set_ref(mirror.git_dir, ref, head)
    return Snapshot(
        base=base,
        head=head,
        tree=tree,
        commits=int(changed),
        dirty=changed,
        moved=_is_elsewhere(checkout, base),
        skipped=(),
    )


def _is_elsewhere(checkout: Path, base: str) -> bool:
    try:
        return head_commit(checkout) != base
    except GitError:
        return True


def holds(checkout: Path, mirror: Mirror, left: str) -> bool:
    """Tell whether a checkout of the user's is just as the commit `left` of the mirror has it.

    That is: HEAD is where that commit grew from, and every file is the same. Raises GitError.
    """
    head = head_commit(checkout)
    if head not in Git(mirror.git_dir).line("rev-list", "--parents", "-n", "1", left).split():
        return False
    with _checkout_tree(checkout, mirror, head) as (_, tree):
        return tree == tree_of(mirror.git_dir, left)


@contextmanager
def _checkout_tree(checkout: Path, mirror: Mirror, base: str) -> Iterator[tuple[Git, str]]:
    """Write the tree of a checkout's files where it vanishes again; the user's index stays."""
    others = (mirror.objects, mirror.borrowed)
    with aside(mirror.git_dir, owned(INCOMING), *others) as objects:
        index = objects.with_name("index")
        users = users_git(checkout, GIT_INDEX_FILE=index, GIT_OBJECT_DIRECTORY=objects)
        _copy_index(checkout, index, users, base)
        users.run("add", "--all", "--ignore-errors", accept=(0, 1))
        yield Git(mirror.git_dir, objects=objects), users.line("write-tree")


def _copy_index(checkout: Path, index: Path, users: Git, base: str) -> None:
    words = ("rev-parse", "--path-format=absolute", "--git-path", "index")
    try:
        shutil.copy2(users_git(checkout).line(*words), index)
    except OSError:
        users.run("read-tree", base)


@contextmanager
def _quarantine(worktree: Worktree) -> Iterator[tuple[Git, Path]]:
    """Call git on the mirror, seeing the agent's objects, writing new ones where they vanish."""
    mirror, agents = worktree.mirror, worktree.git_dir / "objects"
    others = (mirror.objects, agents) if agents.is_dir() else (mirror.objects,)
    with aside(mirror.git_dir, owned(INCOMING), *others) as objects:
        index = objects.with_name("index")
        yield (
            Git(
                mirror.git_dir,
                work_tree=None if is_removed(worktree.path) else worktree.path,
                index=index,
                objects=objects,
                options=("-c", "core.fsync=none"),
            ),
            index,
        )


def _own_commits(worktree: Worktree, git: Git) -> _Own:
    base, head = worktree.base, agents_head(worktree)
    if head is None or not _is_commit(git, head):
        return _Own(head=base, commits=0, moved=True, tree=tree_of_git(git, base))
    tree = tree_of_git(git, head)
    if not _can_be_kept(worktree, git, head):
        return _Own(head=base, commits=0, moved=True, tree=tree)
    count = int(git.line("rev-list", "--count", f"{base}..{head}"))
    return _Own(head=head, commits=count, moved=False, tree=tree)


def _can_be_kept(worktree: Worktree, git: Git, head: str) -> bool:
    """Tell whether `head` comes from the base and none of its commits holds a private file."""
    descends = git.run("merge-base", "--is-ancestor", worktree.base, head, accept=())
    private = worktree.private_paths()
    if descends.exit_code != 0 or not private or head == worktree.base:
        return descends.exit_code == 0
    words = ("rev-list", "--count", f"{worktree.base}..{head}", "--", *sorted(private))
    return git.run(*words, accept=()).stdout.strip() == b"0"


def _captured(worktree: Worktree, git: Git, index: Path, own: _Own) -> Captured:
    if "GIT_WORK_TREE" not in git.environment:
        # The folder itself is gone: what was committed is what is left.
        return Captured(tree=tree_of_git(git, own.head), skipped=(".",))
    return capture(worktree, git, index, own.head, moved=own.moved)


def _commit(
    git: Git,
    worktree: Worktree,
    own: _Own,
    tree: str,
    message: str,
    trailers: Mapping[str, str],
) -> tuple[str, _Own]:
    """Write our commit where one is needed and copy all to the mirror."""
    parent, commits = own.head, own.commits
    head = parent
    if tree_of_git(git, parent) != tree:
        head, commits = write_commit(git, tree, (parent,), message, trailers=trailers), commits + 1
    try:
        copy_commits(git, Git(worktree.mirror.git_dir), (head,), (worktree.base,), strict=True)
    except GitError as error:
        if parent == worktree.base or is_out_of_disk(error):
            raise
        # Commits that are incomplete or malformed: the files are still good.
        bare = _Own(head=worktree.base, commits=0, moved=True, tree=own.tree)
        return _commit(git, worktree, bare, tree, message, trailers)
    return head, _Own(head=head, commits=commits, moved=own.moved, tree=own.tree)


def tree_of_git(git: Git, commit: str) -> str:
    """Return the tree of a commit that `git` can see."""
    return git.line("rev-parse", "--verify", f"{commit}^{{tree}}")


def _is_commit(git: Git, name: str) -> bool:
    return git.run("cat-file", "-e", f"{name}^{{commit}}", accept=()).exit_code == 0


def _adds_to(git: Git, tip: str, known: list[str]) -> bool:
    finished = git.run("rev-list", "--count", tip, "--not", *known, accept=())
    return finished.exit_code != 0 or finished.stdout.strip() != b"0"
