"""Objects: borrowed from other repositories, held back until they are wanted, copied as packs."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, Git

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FEW_OBJECTS = 100
"""Packs with fewer objects are unpacked in a repository that its owner tidies, as `fetch` does."""


def write_alternates(objects: Path, *others: Path) -> None:
    """Let the object folder `objects` borrow from `others`."""
    info = objects / "info"
    info.mkdir(parents=True, exist_ok=True)
    lines = b"".join(_quoted(os.fsencode(other)) + b"\n" for other in others)
    (info / "alternates").write_bytes(lines)


@contextmanager
def aside(folder: Path, prefix: str, *others: Path) -> Iterator[Path]:
    """Give an object folder of its own inside `folder`, borrowing from `others`, for a while."""
    with tempfile.TemporaryDirectory(
        prefix=prefix, dir=folder, ignore_cleanup_errors=True
    ) as temporary:
        objects = Path(temporary) / "objects"
        write_alternates(objects, *others)
        yield objects


def copy_commits(
    source: Git, target: Git, heads: Collection[str], without: Collection[str], *, strict: bool
) -> None:
    """Copy `heads` and all that they reach, save what `without` reaches, as one durable pack.

    With `strict` each object is checked for what could harm a checkout, and for missing links;
    small packs then stay packs, else they become loose objects. Raises GitError.
    """
    revisions = "".join(f"{line}\n" for line in (*heads, *(f"^{commit}" for commit in without)))
    with tempfile.TemporaryFile(dir=source.git_dir, buffering=0) as pack:
        source.run(
            *("pack-objects", "--revs", "--thin", "--stdout", "-q", "--delta-base-offset"),
            stdin=revisions.encode(),
            stdout=pack,
            timeout_seconds=CHECKOUT_TIMEOUT_SECONDS,
        )
        pack.seek(8)
        count = int.from_bytes(pack.read(4))
        pack.seek(0)
        if count:
            words = _reader(count, strict=strict)
            target.run(*words, stdin=pack, timeout_seconds=CHECKOUT_TIMEOUT_SECONDS)


def _reader(count: int, *, strict: bool) -> tuple[str, ...]:
    if strict:
        return ("index-pack", "--stdin", "--fix-thin", "--strict")
    return (
        ("unpack-objects", "-q") if count < FEW_OBJECTS else ("index-pack", "--stdin", "--fix-thin")
    )


def _quoted(path: bytes) -> bytes:
    """Write a path for an alternates file: C-quoted where a line can't hold it as it is."""
    if path[:1] not in (b'"', b"#") and not any(byte < ord(" ") or byte in b'"\\' for byte in path):
        return path
    escaped = b"".join(
        b"\\%03o" % byte if byte < ord(" ") or byte in b'"\\' else bytes((byte,)) for byte in path
    )
    return b'"' + escaped + b'"'
