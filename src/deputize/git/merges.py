"""Merge commits of a bare repository, with no working tree, and ask how commits are related."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.git.command import Git, failure, fields, text
from deputize.git.commits import write_commit
from deputize.git.diff import diff_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

CONFLICT_BYTES = 20_000
"""How much of the conflicting passages is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Both sides went together."""

    tree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicted:
    """The sides contradict each other."""

    paths: tuple[str, ...]
    text: str
    """What git says of it, then the passages with their conflict markers."""


def merge_tree(git_dir: Path, ours: str, theirs: str) -> Merged | Conflicted:
    """Merge the commit `theirs` into `ours`, writing objects only. Raises GitError."""
    git = Git(git_dir)
    words = ("merge-tree", "--write-tree", "-z", "--name-only", "--messages", ours, theirs)
    finished = git.run(*words, accept=(0, 1))
    # Exit code 1 is a conflict or a commit that isn't there; only a merge prints a tree.
    parts = fields(finished.stdout)
    if not parts:
        raise failure(words, finished)
    if finished.exit_code == 0:
        return Merged(tree=parts[0])
    end = parts.index("", 1) if "" in parts[1:] else len(parts)
    messages = "".join(_messages(parts[end + 1 :]))
    passages = diff_text(git_dir, f"{ours}^{{tree}}", parts[0], CONFLICT_BYTES, paths=parts[1:end])
    return Conflicted(paths=tuple(dict.fromkeys(parts[1:end])), text=f"{messages}\n{passages}")


def commit_tree(
    git_dir: Path,
    tree: str,
    parents: Sequence[str],
    message: str,
    *,
    trailers: Mapping[str, str] | None = None,
    when: datetime | None = None,
) -> str:
    """Write a commit of `tree` and return its id; the same `when` gives the same id again."""
    return write_commit(Git(git_dir), tree, parents, message, trailers=trailers, when=when)


def merge_base(git_dir: Path, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits; None where they have none."""
    finished = Git(git_dir).run("merge-base", one, other, accept=(0, 1))
    return text(finished.stdout).strip() or None


def is_ancestor(git_dir: Path, old: str, new: str) -> bool:
    """Tell whether `new` contains `old` (a commit contains itself)."""
    return Git(git_dir).agrees("merge-base", "--is-ancestor", old, new)


def _messages(parts: list[str]) -> list[str]:
    """Pick the sentences out of records of: a count, that many paths, a type, a sentence."""
    found: list[str] = []
    at = 0
    while at < len(parts) and parts[at].isdigit():
        end = at + int(parts[at]) + 2
        found += parts[end : end + 1]
        at = end + 1
    return [line for line in found if not line.startswith("Auto-merging")]
