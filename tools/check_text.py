"""Hold text files free of what only one machine knows: `check_text.py`, in a git checkout.

Refused in every file that git has or would add: hosts that packages are downloaded from, download
addresses in lock files, folders of one person or one checkout, and characters that change how a
line is displayed (bidirectional controls).
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTRIES = (
    r"(?:test\.)?pypi\.(?:org|io)",
    r"files\.python[h]osted\.org",
    r"(?:registry|www)\.npmjs\.(?:org|com)",
    r"registry\.yarnpkg\.com",
    r"registry\.npmmirror\.com",
)
PLACEHOLDERS = r"(?:you|me|user|someone|alice|bob|x)\b"
LOCK_FILES = ("requirements/*.txt", "**/package-lock.json", "package-lock.json")


def rules(root: Path) -> dict[str, re.Pattern[str]]:
    """Return what is refused, by its name; the place of the checkout, `root`, is refused too."""
    return {
        "a package registry's host name": re.compile("|".join(REGISTRIES)),
        "this checkout's place": re.compile(rf"(?<![\w.-]){re.escape(str(root))}(?![\w-])"),
        "a person's folder": re.compile(rf"(?<![\w.$}}])/(?:home|Users)/(?!{PLACEHOLDERS})\w"),
        "a bidirectional control character": re.compile("[\u202a-\u202e\u2066-\u2069]"),
    }


def committed_files(root: Path) -> list[Path]:
    """List what git tracks here or would add, that is still there."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (root / name for name in sorted(set(listing.split("\0"))) if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def text_of(path: Path) -> str:
    """Read a file; one that isn't UTF-8 text counts as empty."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def problems_in(path: Path, root: Path, refused: dict[str, re.Pattern[str]]) -> Iterator[str]:
    """Yield each line of a file that says what it should not."""
    name = path.relative_to(root)
    if any(name.match(pattern) for pattern in LOCK_FILES):
        refused = refused | {"an address in a lock file": re.compile(r"\w+://|\bfile:")}
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        for what, pattern in refused.items():
            if found := pattern.search(line):
                yield f"{name}:{number}: {what}: {found.group()!r}"


def main() -> int:
    """Check the checkout that this file is in."""
    root = Path(__file__).resolve().parent.parent
    refused = rules(root)
    paths = committed_files(root)
    problems = [problem for path in paths for problem in problems_in(path, root, refused)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"· text: {len(paths)} files clean" if not problems else "· text: see above")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
