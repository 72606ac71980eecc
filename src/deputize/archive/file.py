"""An archive file: compressed JSON lines `{"kind": …, "row": …}`; written, named, read back."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from pathlib import Path  # noqa: TC003 - a named tuple's field
from typing import TYPE_CHECKING, NamedTuple, Self

from deputize.config.home import sync_folder
from deputize.errors import StoreCorrupt, StoreUnavailable
from deputize.store.rows import to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

SCHEMA = "deputize.archive/1"
PATTERN = "archive-????-??-??*.jsonl.gz"
PIECE_BYTES = 1 << 18
UNREADABLE = (OSError, EOFError, zlib.error, ValueError)
"""What reading a file raises that was changed."""


class Written(NamedTuple):
    """A file that is durable under its name, and was read back."""

    path: Path
    sha256: str
    size_bytes: int
    counts: Mapping[str, int]


class ArchiveWriter:
    """Writes one file under a name of its own, until `finish` gives it the one that counts."""

    def __init__(self, folder: Path, name: str) -> None:
        """Begin the file `name`, readable by its owner only; what a crash left of it goes."""
        self._path = folder / name
        self._unfinished = folder / f".{name}.part"
        self._unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._unfinished, flags, 0o600), "wb")
        self._packed = gzip.GzipFile("", "wb", 6, self._file, mtime=0)
        self._content = hashlib.sha256()
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Let go; a file that has no name yet is removed."""
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def line(self, kind: str, row: Mapping[str, object]) -> bytes:
        """Write a line, and return it."""
        content = line_of(kind, row)
        self._packed.write(content)
        self._content.update(content)
        self.counts[kind] += 1
        return content

    def log(self, attempt: int, path: Path) -> None:
        """Write the log of an attempt, in as many lines as it takes."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with path.open("rb") as file:
            part = 0
            while True:
                piece = file.read(PIECE_BYTES)
                text = decoder.decode(piece, final=not piece)
                if text or not part:
                    self.line("log", {"attempt": attempt, "part": part, "text": text})
                if not piece:
                    return
                part += 1

    def finish(self) -> Written:
        """Make the file durable under its name, and prove that it holds what was written."""
        self._packed.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._unfinished.rename(self._path)
        sync_folder(self._path.parent)
        content = hashlib.sha256()
        with gzip.open(self._path, "rb") as file:
            while chunk := file.read(PIECE_BYTES):
                content.update(chunk)
        if content.digest() != self._content.digest():
            hint = "nothing was deleted; look into the log of the system for the disk"
            raise StoreCorrupt(f"{self._path} does not hold what was written to it", hint=hint)
        size = self._path.stat().st_size
        return Written(self._path, sha256_of(self._path), size, dict(self.counts))


def line_of(kind: str, row: Mapping[str, object]) -> bytes:
    """Return a row as a line."""
    return to_json({"kind": kind, "row": dict(row)}).encode("utf-8", "backslashreplace") + b"\n"


def lines_of(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the lines of a file, as kind and row; raises one of UNREADABLE where it was changed."""
    with gzip.open(path, "rb") as file:
        for line in file:
            content = json.loads(line)
            if not isinstance(content, dict) or set(content) != {"kind", "row"}:
                raise ValueError("a line is none of ours")
            yield content["kind"], content["row"]


def sha256_of(path: Path) -> str:
    """Return the hash of a file as it is on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def new_name(folder: Path, now: datetime, taken: Collection[str]) -> str:
    """Return the first name of a day that no file has, here or on record."""
    number = 1
    while True:
        rest = "" if number == 1 else f"-{number}"
        name = f"archive-{now:%Y-%m-%d}{rest}.jsonl.gz"
        if name not in taken and not (folder / name).exists():
            return name
        number += 1


def unwritable(folder: Path, error: OSError) -> StoreUnavailable:
    """Return what is raised where an archive can't be written."""
    hint = "free some disk space or check permissions; nothing was deleted"
    return StoreUnavailable(f"cannot write in {folder}: {error.strerror}", hint=hint)
