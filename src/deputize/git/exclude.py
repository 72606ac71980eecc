"""Keep one file of ours out of what git sees in a user's repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.git.command import raw, users_git

if TYPE_CHECKING:
    from pathlib import Path

_SPECIAL = re.compile(r"([\\*?\[\]!# ])")


def exclude(git_dir: Path, path: str) -> bool:
    """Add `path`, from the top of the checkout, to `info/exclude` of the common git directory.

    Tells whether it was not there yet. Raises OSError where that file can't be written, and
    ValueError for a path with a line break.
    """
    if "\n" in path or "\r" in path:
        raise ValueError(path)
    line = raw("/" + _SPECIAL.sub(r"\\\1", path))
    file = git_dir / "info" / "exclude"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = b""
        file.parent.mkdir(exist_ok=True)
    if line in content.splitlines():
        return False
    start = b"\n" if content and not content.endswith(b"\n") else b""
    with file.open("ab") as appended:
        appended.write(start + line + b"\n")
    return True


def is_tracked(checkout: Path, path: str) -> bool:
    """Tell whether git has `path` in the index of `checkout`. Raises GitError where git fails."""
    return users_git(checkout).agrees("ls-files", "--error-unmatch", "--", path)
