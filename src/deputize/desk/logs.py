"""Reading attempts' logs, which hold no secrets: the last line, and what is added meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk.history import log_path
from deputize.desk.tasks import await_commit, view
from deputize.errors import NotFound
from deputize.store import archives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk
    from deputize.model.archive import Archive
    from deputize.model.attempt import Attempt

TAIL_BYTES = 4096
LOOK_SECONDS = 0.1
"""How often a followed log is looked at."""
PIECE_BYTES = 1 << 16
LONGEST_LINE = 1 << 20
"""A line that is longer is given out in pieces."""


def last_line(attempt: Attempt) -> str | None:
    """Return the last line of an attempt's log that has something in it."""
    if attempt.log is None:
        return None
    try:
        with Path(attempt.log).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return None
    return next((line.strip() for line in reversed(lines) if line.strip()), None)


class Tail:
    """Reads what was added to a file since the last time, line by line."""

    def __init__(self, path: Path) -> None:
        """Begin at the start of `path`, which may not exist yet."""
        self._path = path
        self._place = 0
        self._rest = b""

    def lines(self, *, ended: bool = False) -> Iterator[str]:
        """Yield whole lines; where the log has `ended`, also what stands after the last one."""
        for piece in self._pieces():
            *whole, self._rest = (self._rest + piece).split(b"\n")
            for line in whole:
                yield _text(line)
            if len(self._rest) > LONGEST_LINE:
                yield _text(self._rest)
                self._rest = b""
        if ended and self._rest:
            yield _text(self._rest)
            self._rest = b""

    def _pieces(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                while piece := file.read(PIECE_BYTES):
                    self._place += len(piece)
                    yield piece
        except OSError:
            return


def _text(line: bytes) -> str:
    return line.decode(errors="replace").removesuffix("\r")


class LogLine(NamedTuple):
    """A line of an attempt's log."""

    attempt: int
    text: str


def read(attempt: Attempt) -> Iterator[str]:
    """Yield the lines of an attempt's log as it stands."""
    if attempt.log is not None:
        yield from Tail(Path(attempt.log)).lines(ended=True)


def require_log(desk: Desk, attempt: Attempt) -> None:
    """Raise NotFound, naming the file, where the log of an attempt was archived."""
    archive = _archive_of_log(desk, attempt)
    if archive is not None:
        hint = f"`gzip -cd {desk.home.archive / archive.file}` shows it, in lines of kind `log`"
        raise NotFound(_archived(attempt, archive), hint=hint)


def _archive_of_log(desk: Desk, attempt: Attempt) -> Archive | None:
    if attempt.log is not None:
        return None
    with desk.database.read() as transaction:
        return archives.of_log(transaction, attempt.id)


def _archived(attempt: Attempt, archive: Archive) -> str:
    what = f"the log of attempt {attempt.number} of #{attempt.task}"
    return f"{what} was archived on {archive.made_at:%Y-%m-%d} to {archive.file}"


class Follower:
    """What has been read of the logs of one task."""

    def __init__(self, desk: Desk, task_id: int, number: int | None = None) -> None:
        """Begin at the beginning; with `number`, read only that attempt's."""
        self._desk = desk
        self._task_id = task_id
        self._number = number
        self._tails: dict[int, Tail] = {}
        self._ended: set[int] = set()

    def news(self) -> Iterator[LogLine]:
        """Yield what came since the last time."""
        self.found = view(self._desk, self._task_id)
        for attempt in self.found.attempts:
            if self._number in {None, attempt.number} and attempt.number not in self._ended:
                yield from self._news_of(attempt)

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come."""
        return self.found.task.is_final or self._number in self._ended

    def _news_of(self, attempt: Attempt) -> Iterator[LogLine]:
        path = log_path(attempt)
        ended = attempt.finished_at is not None
        if path is not None:
            tail = self._tails.setdefault(attempt.number, Tail(path))
            for line in tail.lines(ended=ended):
                yield LogLine(attempt.number, line)
        if ended:
            self._ended.add(attempt.number)
            archive = _archive_of_log(self._desk, attempt)
            if archive is not None:
                yield LogLine(attempt.number, _archived(attempt, archive))


def follow(desk: Desk, task_id: int, number: int | None = None) -> Iterator[LogLine | None]:
    """Yield the log of a task as it grows, across its attempts, until the task has ended.

    With `number`, only that attempt's, until the attempt has ended. None is yielded whenever there
    is nothing new for the moment.
    """
    follower = Follower(desk, task_id, number)
    while True:
        yield from follower.news()
        if follower.is_over:
            return
        yield None
        await_commit(desk, time.monotonic() + LOOK_SECONDS)
