"""Reading what one worker noted, out of the log that all workers of this home write to."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from deputize import log
from deputize.desk.bells import runs
from deputize.desk.tasks import await_commit
from deputize.errors import NotFound
from deputize.redaction import redacted_value
from deputize.store import workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from deputize.desk.context import Desk
    from deputize.model.worker import Worker

    Line = dict[str, Any]

LOOK_SECONDS = 0.2
"""How often a followed log is looked at."""
PIECE_BYTES = 1 << 16


def find(desk: Desk, name: str) -> Worker:
    """Return a worker by its id, one that is gone too; NotFound if there never was such a one."""
    with desk.database.read() as transaction:
        worker = workers.find(transaction, name)
    if worker is None:
        hint = "`deputize workers` lists those that run, `deputize audit` those that ran"
        raise NotFound(f"there is no worker {name!r}", hint=hint)
    return worker


def read(desk: Desk, name: str) -> Iterator[Line]:
    """Yield what a worker has noted, oldest first, as far as the log goes back."""
    reader = _Reader(desk.home.logs, name)
    try:
        yield from reader.news()
    finally:
        reader.close()


def follow(desk: Desk, name: str) -> Iterator[Line | None]:
    """Yield the same, and what it notes from now on, until it has ended; None is no news."""
    reader = _Reader(desk.home.logs, name)
    try:
        while True:
            # Asked before it is read: what a worker notes at its end is there by then.
            over = _has_ended(desk, name)
            yield from reader.news()
            if over:
                return
            yield None
            await_commit(desk, time.monotonic() + LOOK_SECONDS)
    finally:
        reader.close()


def _has_ended(desk: Desk, name: str) -> bool:
    worker = find(desk, name)
    return worker.stopped_at is not None or not runs(worker, desk.clock.now())


class _Reader:
    """Reads the files of the log from the oldest to the one that is written to, across renaming."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / "worker.log"
        self._name = name
        self._word = json.dumps(name).encode()
        self._rest = b""
        self._files = self._opened()

    def news(self) -> Iterator[Line]:
        """Yield what was added since the last time."""
        self._files = self._files or self._opened(newest_only=True)
        while self._files:
            # A file that has a new name gets no more lines, so it is read to its end after that.
            is_old = len(self._files) > 1 or not self._is_current(self._files[0])
            yield from self._added(self._files[0])
            if not is_old:
                return
            self._files.pop(0).close()
            self._rest = b""
            self._files = self._files or self._opened(newest_only=True)

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()

    def _added(self, file: BinaryIO) -> Iterator[Line]:
        while piece := file.read(PIECE_BYTES):
            *whole, self._rest = (self._rest + piece).split(b"\n")
            for line in whole:
                if self._word in line and (found := _line(line)).get("worker") == self._name:
                    yield {name: redacted_value(value) for name, value in found.items()}

    def _opened(self, *, newest_only: bool = False) -> list[BinaryIO]:
        """Open the files, oldest first; one that is renamed meanwhile is there once."""
        found: dict[int, BinaryIO] = {}
        for number in range(1 if newest_only else log.FILE_COUNT):
            aged = f"{self._path.name}.{number}" if number else self._path.name
            with suppress(FileNotFoundError):
                file = self._path.with_name(aged).open("rb")
                found.setdefault(os.fstat(file.fileno()).st_ino, file)
        return list(found.values())[::-1]

    def _is_current(self, file: BinaryIO) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        return False


def _line(line: bytes) -> Line:
    """Read a line; what a crash cut in half is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
