"""A checkout of the user's: what is checked out, staged, untracked and ignored in it."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import IllegalMove
from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, fields, text, users_git
from deputize.git.refs import in_place_ref, set_ref
from deputize.showing import shown_name

if TYPE_CHECKING:
    from deputize.git.repository import Mirror

NAMED_FILES = 3
"""How many files a reason names."""
EXCLUDE_BYTES = 1 << 20


def matching(checkout: Path, patterns: bytes) -> frozenset[str]:
    """Return the untracked files, ignored or not, that match `patterns` (as in gitignore(5))."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(patterns)
        file.flush()
        words = ("ls-files", "--others", "--ignored", "-z", f"--exclude-from={file.name}")
        finished = users_git(checkout).run(*words, timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)
    return frozenset(path for path in fields(finished.stdout) if not path.endswith("/"))


def users_excludes(mirror: Mirror) -> str:
    """Return the patterns that the user ignores outside the repository's own files.

    They are those of `core.excludesFile` and of the repository's `info/exclude`: without them a
    snapshot would hold files that the user's own `git add` never would.
    """
    git = users_git(mirror.source)
    named = git.run("config", "--type=path", "--get", "core.excludesFile", accept=(0, 1))
    default = Path(git.environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git/ignore"
    chosen = Path(text(named.stdout).removesuffix("\n")) if named.stdout else default
    return "".join(_patterns(path) for path in (chosen, mirror.source / "info" / "exclude"))


def require_clean(checkout: Path) -> str:
    """Return the commit that a clean checkout is at.

    Raises IllegalMove where it has changes or untracked files that no commit holds.
    """
    git = users_git(checkout)
    words = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=none")
    found = fields(git.read(*words, "--untracked-files=normal"))
    if found:
        shown = [shown_name(entry[3:]) for entry in found[:NAMED_FILES]]
        names = ", ".join(shown) + (" …" if len(found) > NAMED_FILES else "")
        raise IllegalMove(
            f"your checkout {checkout} is not clean: {names}", hint="git commit, or git stash -u"
        )
    return head_commit(checkout)


def head_commit(checkout: Path) -> str:
    """Return the commit that a checkout is at. Raises GitError where there is none yet."""
    return users_git(checkout).line("rev-parse", "--verify", "HEAD^{commit}")


def head_of(folder: Path) -> str:
    """Return what is checked out: the full name of a branch, or a commit where HEAD is detached."""
    git = users_git(folder)
    named = git.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
    found = named if named.exit_code == 0 else git.run("rev-parse", "HEAD", accept=())
    return text(found.stdout).strip()


def staged(checkout: Path) -> str:
    """Return a digest of what the index holds; that git looked at the files again is no change."""
    return hashlib.sha256(users_git(checkout).read("ls-files", "--stage", "-z")).hexdigest()


def keep_pre_image(mirror: Mirror, store: str, task: int, commit: str) -> str:
    """Keep the commit from before an in-place task in the user's repository; return the ref."""
    ref = in_place_ref(store, task)
    set_ref(mirror.source, ref, commit)
    return ref


def _patterns(file: Path) -> str:
    try:
        content = file.read_bytes()[:EXCLUDE_BYTES]
    except OSError:
        return ""
    return text(content).rstrip("\n") + "\n"
