"""What lies between two commits: per file, with hashes, and as a patch."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.command import CHECKOUT_TIMEOUT_SECONDS, Git, fields
from deputize.git.repository import mirror_path
from deputize.model.change import FileChange, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["diff_text", "file_changes", "mirror_path"]

LINK = "160000"
PIECE = 1 << 20
PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "-M", "-l1000")
OPERATIONS = {
    "A": Operation.CREATE,
    "D": Operation.DELETE,
    "R": Operation.RENAME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """One record of `git diff-tree --raw`."""

    before_mode: str
    after_mode: str
    before: str
    after: str
    status: str
    source: str | None
    path: str


def file_changes(git_dir: Path, base: str, head: str) -> tuple[FileChange, ...]:
    """Return what happened to each path from `base` to `head`, in git's order of paths.

    Submodules have no content hash. Paths that aren't UTF-8 hold lone surrogates. Raises GitError.
    """
    words = ("diff-tree", "-r", "-z", "--no-abbrev", "--raw", "--numstat", *PLAIN, base, head)
    parts = iter(fields(Git(git_dir).read(*words)))
    records, first = _records(parts)
    lines = dict(_counts(first, parts))
    hashes = _content_hashes(git_dir, {oid for record in records for oid in _blobs(record)})
    return tuple(_file_change(record, lines, hashes) for record in records)


def diff_text(
    git_dir: Path, base: str, head: str, limit_bytes: int, *, paths: Sequence[str] = ()
) -> str:
    """Return the patch from `base` to `head` (commits or trees), or as much as `limit_bytes` holds.

    It is untrusted text: a terminal must not get it raw. Raises GitError.
    """
    words = ("diff-tree", "-p", "-r", *PLAIN, base, head, "--", *paths)
    git = Git(git_dir)
    with tempfile.TemporaryFile() as errors:
        process = git.start(*words, stderr=errors.fileno())
        with process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            patch = process.stdout.read(limit_bytes + 1)
            if len(patch) > limit_bytes:
                process.kill()
        if process.returncode and len(patch) <= limit_bytes:
            errors.seek(0)
            raise GitError(words, process.returncode, errors.read().decode("utf-8", "replace"))
    return _cut(patch, limit_bytes)


def _cut(patch: bytes, limit_bytes: int) -> str:
    if len(patch) <= limit_bytes:
        return patch.decode("utf-8", "replace")
    whole_lines = patch[:limit_bytes].rpartition(b"\n")[0]
    return whole_lines.decode("utf-8", "replace") + f"\n[cut after {limit_bytes} bytes]\n"


def _records(parts: Iterator[str]) -> tuple[list[_Raw], str | None]:
    """Read the raw records; also return the first field after them."""
    records: list[_Raw] = []
    for part in parts:
        if not part.startswith(":"):
            return records, part
        before_mode, after_mode, before, after, status = part[1:].split(" ")
        path = next(parts)
        source = path if status[0] == "R" else None
        records.append(
            _Raw(
                before_mode=before_mode,
                after_mode=after_mode,
                before=before,
                after=after,
                status=status[0],
                source=source,
                path=next(parts) if source is not None else path,
            )
        )
    return records, None


def _counts(first: str | None, parts: Iterator[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Read the lines added and removed of each path; `-` stands for a binary file."""
    part = first
    while part is not None:
        added, removed, path = part.split("\t", 2)
        if not path:
            next(parts)
            path = next(parts)
        yield path, (added, removed)
        part = next(parts, None)


def _file_change(
    record: _Raw, lines: Mapping[str, tuple[str, str]], hashes: Mapping[str, str]
) -> FileChange:
    added, removed = lines.get(record.path, ("0", "0"))
    binary = added == "-"
    same = record.before == record.after and record.status == "M"
    return FileChange(
        path=record.path,
        op=Operation.CHMOD if same else OPERATIONS.get(record.status, Operation.MODIFY),
        before=hashes.get(record.before) if _has_content(record.before_mode) else None,
        after=hashes.get(record.after) if _has_content(record.after_mode) else None,
        added=0 if binary else int(added),
        removed=0 if binary else int(removed),
        source=record.source,
        mode=None if record.status == "D" else record.after_mode,
        binary=binary,
    )


def _has_content(mode: str) -> bool:
    return mode not in {LINK, "000000"}


def _blobs(record: _Raw) -> Iterator[str]:
    if _has_content(record.before_mode):
        yield record.before
    if _has_content(record.after_mode):
        yield record.after


def _content_hashes(git_dir: Path, blobs: Collection[str]) -> dict[str, str]:
    """Return `sha256:…` of the content of each blob, read through one process."""
    if not blobs:
        return {}
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{oid}\n" for oid in blobs).encode())
        asked.seek(0)
        with Git(git_dir).start("cat-file", "--batch", "--buffer", stdin=asked) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            hashes = dict(_hash_next(process.stdout) for _ in blobs)
            process.wait(CHECKOUT_TIMEOUT_SECONDS)
    return hashes


def _hash_next(stdout: IO[bytes]) -> tuple[str, str]:
    header = stdout.readline()
    oid, *about = header.decode("ascii", "replace").split()
    if len(about) != 2:  # noqa: PLR2004
        raise GitError(("cat-file",), 128, f"{oid} is missing")
    left = int(about[1])
    digest = hashlib.sha256()
    while left:
        piece = stdout.read(min(left, PIECE))
        if not piece:
            raise GitError(("cat-file",), 128, f"{oid} ends early")
        digest.update(piece)
        left -= len(piece)
    stdout.read(1)
    return oid, f"sha256:{digest.hexdigest()}"
