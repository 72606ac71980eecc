"""Whether the user's repository is after an attempt as it was before.

The user may work in it meanwhile, and deputize lands other changes there: a difference is something
to report, not proof. Objects and refs under `refs/deputize/` don't count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.git.checkout import head_of, staged
from deputize.git.refs import list_refs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OURS = "refs/deputize/"
NAMED_REFS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What must not change in a repository of the user's while an agent works elsewhere."""

    head: str
    """What is checked out: the full name of a branch, or a commit."""
    refs: Mapping[str, str]
    stash: str
    """Digest of all stashes."""
    index: str
    """Digest of what is staged."""
    config: str
    hooks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was."""

    what: str
    """`head`, `refs`, `stash`, `index`, `config` or `hooks`."""
    text: str
    """One lower-case line for people."""
    alarming: bool
    """Whether it is something that people rarely change while they wait, and landing never does."""


def fingerprint(git_dir: Path, checkout: Path | None = None) -> Fingerprint:
    """Take the fingerprint of a repository, and of the `checkout` that a task was queued from."""
    refs = {
        name: at for name, at in list_refs(git_dir, "refs/").items() if not name.startswith(OURS)
    }
    stash = refs.pop("refs/stash", "")
    return Fingerprint(
        head=head_of(checkout or git_dir),
        refs=refs,
        stash=stash + _digest_of(git_dir / "logs" / "refs" / "stash"),
        index="" if checkout is None else staged(checkout),
        config=_digest_of(git_dir / "config") + _digest_of(git_dir / "config.worktree"),
        hooks="".join(f"{file.name} {_digest_of(file)}\n" for file in _files(git_dir / "hooks")),
    )


def compare(before: Fingerprint, after: Fingerprint) -> tuple[Difference, ...]:
    """Return what differs, the alarming first."""
    return tuple(_differences(before, after))


def _differences(before: Fingerprint, after: Fingerprint) -> Iterator[Difference]:
    for what in ("config", "hooks", "stash"):
        if getattr(before, what) != getattr(after, what):
            text = f"the repository's {what} changed while the agent worked"
            yield Difference(what=what, text=text, alarming=True)
    if before.head != after.head:
        text = f"the checkout went from {before.head} to {after.head}"
        yield Difference(what="head", text=text, alarming=False)
    moved = sorted(_moved(before.refs, after.refs))
    if moved:
        more = f" and {len(moved) - NAMED_REFS} more" if len(moved) > NAMED_REFS else ""
        text = f"refs moved: {', '.join(moved[:NAMED_REFS])}{more}"
        yield Difference(what="refs", text=text, alarming=False)
    if before.index != after.index:
        text = "what is staged in the checkout changed"
        yield Difference(what="index", text=text, alarming=False)


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError:
        return []


def _digest_of(file: Path) -> str:
    try:
        executable = file.stat().st_mode & 0o111
        return f"{hashlib.sha256(file.read_bytes()).hexdigest()}{'*' if executable else ''}"
    except OSError:
        return "-"
