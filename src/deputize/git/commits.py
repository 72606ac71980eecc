"""Write commits in deputize's own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.git.command import Git, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path


def write_commit(
    git: Git,
    tree: str,
    parents: Sequence[str],
    message: str,
    *,
    trailers: Mapping[str, str] | None = None,
    when: datetime | None = None,
) -> str:
    """Write a commit and return its id; `when` (default: now) makes it repeatable."""
    body = compose(message, trailers or {}).encode("utf-8", "replace")
    words = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent))]
    if when is not None:
        moment = f"@{int(when.timestamp())} +0000"
        git.environment |= {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    return text(git.read(*words, stdin=body)).strip()


def trailer_of(git_dir: Path, commit: str, name: str) -> str | None:
    """Return the value of a commit's trailer; None where it has none of that name."""
    form = f"--format=%(trailers:key={name},valueonly,separator=%x0A)"
    said = Git(git_dir).line("log", "-1", form, commit).split("\n")
    return said[0].strip() or None


def compose(message: str, trailers: Mapping[str, str]) -> str:
    """Put a commit message together: the words, then one line for each trailer.

    The format of trailers is that of git-interpret-trailers(1).
    """
    words = message.replace("\0", "").strip() or "no message"
    lines = [
        f"{name}: {' '.join(value.replace(chr(0), '').split())}" for name, value in trailers.items()
    ]
    return "\n".join((words, "", *lines)).rstrip() + "\n"
