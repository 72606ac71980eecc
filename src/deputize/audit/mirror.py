"""The mirror: a file in the checkout, `.md` or `.jsonl`, that repeats the trail of its repository.

It is the one file that deputize writes into a checkout of its own accord, and only where the
settings ask for it. The path may come from the repository, so it is held inside the checkout, never
followed through a symbolic link, and never overwrites a file of anybody else's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from deputize.audit.daily import BATCH, translated
from deputize.audit.lines import append_from, last_good, seq_of
from deputize.audit.rendering import HEADING, MARKER, jsonl_of, markdown_of
from deputize.audit.trail import ENDINGS, SCHEMA, SETTLINGS, Record, told_by
from deputize.errors import ConfigError, DeputizeError
from deputize.git.exclude import exclude, is_tracked
from deputize.store import journal, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.model.task import Task
    from deputize.store.database import Database

MirrorOf = Callable[["Task"], str | None]
"""Says what `audit.mirror` is for the repository of a task."""

CURSOR = "mirror"
SUFFIXES = (".md", ".jsonl")
LONGEST_PATH = 500


def mirror_new(database: Database, mirror_of: MirrorOf) -> list[DeputizeError]:
    """Bring up to date the mirrors of all repositories in which an attempt has ended meanwhile.

    Returns what went wrong, for the log: such a mirror catches up when the next attempt ends. An
    attempt that proposed a change is told once it is known what became of that.
    """
    wrong: list[DeputizeError] = []
    while True:
        ended, last = _ended(database)
        if not last:
            return wrong
        for task in ended:
            try:
                _mirror_of_task(database, task, mirror_of)
            except DeputizeError as error:
                wrong.append(error)
        with database.write() as transaction:
            journal.move_cursor(transaction, CURSOR, last)


def _mirror_of_task(database: Database, task: Task, mirror_of: MirrorOf) -> None:
    path = mirror_of(task) if task.repo and task.git_dir else None
    if path and task.repo and task.git_dir:
        mirror(database, Path(task.repo), Path(task.git_dir), path)


def _ended(database: Database) -> tuple[list[Task], int]:
    """Return a task of each checkout in which an attempt ended, and how far that was looked up."""
    with database.read() as transaction:
        entries = journal.sealed(transaction, journal.cursor(transaction, CURSOR), BATCH)
        endings = [entry for entry in entries if entry.kind in ENDINGS | SETTLINGS and entry.task]
        found = tasks.some(transaction, [entry.task or 0 for entry in endings])
    if not endings and len(entries) < BATCH:
        return [], 0
    by_checkout = {task.repo: task for task in found}
    return list(by_checkout.values()), entries[-1].seq or 0


def mirror(database: Database, checkout: Path, git_dir: Path, path: str) -> int:
    """Append to the mirror at `path` what it lacks, and return how many records that were.

    `git_dir` is the repository's common git directory, as its tasks have it. A mirror that is
    missing is written anew, what is torn at its end is repaired. Raises ConfigError where the path
    can't be used, and StoreUnavailable where the file can't be written.
    """
    parts = _parts(path)
    if is_tracked(checkout, path):
        raise _refusal(path, "it is a file of the repository")
    written = 0
    with translated(checkout / path), _opened(checkout, parts, path) as descriptor:
        is_markdown = path.endswith(".md")
        _require_ours(descriptor, path, HEADING if is_markdown else f'{{"schema":"{SCHEMA}"')
        exclude(git_dir, path)
        end, after = last_good(descriptor, _marked if is_markdown else seq_of)
        for page in _records_after(database, str(git_dir), after):
            render = markdown_of if is_markdown else jsonl_of
            content = "".join(render(record) for record in page).encode("utf-8", "replace")
            if end == 0 and is_markdown:
                content = HEADING.encode() + content
            append_from(descriptor, end, content)
            end += len(content)
            written += len(page)
    return written


def _records_after(database: Database, git_dir: str, after: int) -> Iterator[list[Record]]:
    while True:
        with database.read() as transaction:
            entries = journal.sealed(transaction, after, BATCH)
            if not entries:
                return
            found = [told_by(transaction, entry) for entry in entries]
        after = entries[-1].seq or after
        page = [record for record in found if record and record.task.git_dir == git_dir]
        if page:
            yield page


def _marked(line: bytes) -> int | None:
    found = MARKER.fullmatch(line)
    return int(found[1]) if found else None


def _parts(path: str) -> tuple[str, ...]:
    """Take a path apart that stays in the checkout; ConfigError for any other."""
    parts = PurePosixPath(path).parts
    if not path.endswith(SUFFIXES) or len(path) > LONGEST_PATH or not path.isprintable():
        raise _refusal(path, f"it has to end in {' or '.join(SUFFIXES)}")
    if path != "/".join(parts) or path.startswith("/") or ".." in parts:
        raise _refusal(path, "it has to be a plain path inside the checkout")
    if any(part.casefold().rstrip(". ") == ".git" for part in parts):
        raise _refusal(path, "it leads into git's own files")
    return parts


@contextmanager
def _opened(checkout: Path, parts: tuple[str, ...], path: str) -> Iterator[int]:
    """Open the mirror, making it and its folders; nothing on the way may be a symbolic link."""
    opened = [os.open(checkout, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part in parts[:-1]:
            opened.append(_enter(opened[-1], part))
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened.append(os.open(parts[-1], flags, 0o600, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            raise _refusal(path, "it is no regular file")
        fcntl.flock(opened[-1], fcntl.LOCK_EX)
        yield opened[-1]
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO}:
            raise _refusal(path, "it leads through a symbolic link, or over a file") from error
        raise
    finally:
        for descriptor in reversed(opened):
            os.close(descriptor)


def _enter(folder: int, name: str) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        os.mkdir(name, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)


def _require_ours(descriptor: int, path: str, beginning: str) -> None:
    """Refuse a file that is there and doesn't begin as ours do."""
    wanted = beginning.encode()
    if os.pread(descriptor, len(wanted), 0) not in {b"", wanted}:
        raise _refusal(path, "there is a file that deputize has not written")


def _refusal(path: str, why: str) -> ConfigError:
    hint = 'such as audit.mirror = ".deputize/audit.md"'
    return ConfigError(f"audit.mirror: {path!r:.120} can't be used: {why}", hint=hint)
