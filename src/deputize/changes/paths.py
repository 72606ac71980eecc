"""Which paths a change request may name: pure.

Files are checked out on disks that fold names in their own ways, so a path is refused where any of
them would take it for something else than it says. The names that stand for `.git` are those that
git itself knows (`verify_path` and fsck's `hasDotgit`), and all that Unicode folds to the same.
"""

from __future__ import annotations

import re
import unicodedata

PATH_BYTES = 2048
NAME_BYTES = 255
"""What file systems take for one name, in bytes of UTF-8."""
_DRIVE = re.compile(r"[A-Za-z]:")
_SHORT = re.compile(r"(?:git|gitmod|gi7eba)~[0-9]+")
"""What NTFS may call `.git` and `.gitmodules` in eight letters."""
_UNSEEN = frozenset({"\u034f", *map(chr, range(0xFE00, 0xFE10))})
"""Characters that are no format characters to Unicode, and still change nothing that is seen."""


def problem_of(path: str) -> str | None:
    """Say what is wrong with a path from the top of a repository; None where nothing is."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8"
    if size > PATH_BYTES:
        return f"has {size} bytes, the most is {PATH_BYTES}"
    if any(letter < " " or letter == "\x7f" for letter in path):
        return "holds a control character"
    if "\\" in path:
        return "has a backslash: folders are separated by /"
    if path.startswith("/") or _DRIVE.match(path):
        return "is absolute: it has to start at the top of the repository"
    return next(filter(None, map(_problem_of_name, path.split("/"))), None)


def _problem_of_name(name: str) -> str | None:
    if not name:
        return "is empty, or has an empty part: name a file, without a / too many"
    if name in {".", ".."}:
        return f"has the part {name}: name the file from the top of the repository"
    if len(name.encode()) > NAME_BYTES:
        return f"has a part of {len(name.encode())} bytes, the most is {NAME_BYTES}"
    plain = _as_a_disk_takes_it(name)
    if plain == ".git" or plain.startswith("git~"):
        return "leads into git's own folder"
    if plain == ".gitmodules" or _SHORT.fullmatch(plain):
        return "says what submodules are, which no change request may"
    return None


def _as_a_disk_takes_it(name: str) -> str:
    """Return what is left of a name on disks that drop what can't be seen, and what ends it.

    HFS+ ignores format characters; NTFS drops dots and spaces at the end, and takes what follows a
    colon for a stream of the same file.
    """
    seen = (
        name if name.isascii() else "".join(filter(_is_seen, unicodedata.normalize("NFKC", name)))
    )
    return seen.casefold().partition(":")[0].rstrip(" .")


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) != "Cf" and letter not in _UNSEEN


def folded(path: str) -> str:
    """Return what stands for all paths that are one file where case and accents make none two."""
    return "/".join(
        unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).rstrip(" .")
        for name in path.split("/")
    )


def folders_of(path: str) -> list[str]:
    """Return the folders that a path goes through, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
