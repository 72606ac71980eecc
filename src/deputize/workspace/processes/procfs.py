"""The processes of a Linux machine, read from /proc (proc_pid_stat(5), proc_pid_environ(5))."""

from __future__ import annotations

import os
from contextlib import suppress

from deputize.workspace.processes.entry import Entry

# Places in /proc/PID/stat, counted from the field after the name.
STATE, PARENT, SESSION, USER_TICKS, SYSTEM_TICKS, THREADS, STARTED = 0, 1, 3, 11, 12, 17, 19
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def look(pid: int) -> Entry | None:
    """Return what is known of the process `pid`, or None where there is none."""
    content = _read(f"/proc/{pid}/stat")
    if not content:
        return None
    # The name may hold anything, closing brackets and spaces too: it ends at the last one.
    head, _, rest = content.rpartition(b") ")
    fields = rest.split()
    return Entry(
        pid=pid,
        parent=int(fields[PARENT]),
        session=int(fields[SESSION]),
        started=fields[STARTED].decode("ascii"),
        name=head.partition(b" (")[2].decode("utf-8", "replace"),
        # A process whose first thread has left while others run is shown as a zombie, but works on.
        ended=fields[STATE] in {b"Z", b"X"} and int(fields[THREADS]) <= 1,
        cpu_seconds=(int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND,
    )


def pids() -> set[int]:
    """Return the numbers of all processes."""
    return _numbers("/proc")


def environment(entry: Entry) -> frozenset[bytes]:
    """Return the `NAME=value` pairs it was started with; empty where they may not be read."""
    content = _read(f"/proc/{entry.pid}/environ") or _environment_of_threads(entry.pid)
    return frozenset(pair for pair in content.split(b"\0") if pair)


def folder(entry: Entry) -> str | None:
    """Return the folder that it works in; None where that may not be known."""
    try:
        return os.readlink(f"/proc/{entry.pid}/cwd")  # noqa: PTH115 - as in `_read`
    except OSError:
        return None


def _environment_of_threads(pid: int) -> bytes:
    """Return the environment as a later thread sees it, where the first thread has left."""
    with suppress(OSError):
        threads = _numbers(f"/proc/{pid}/task")
        if len(threads) > 1:
            return _read(f"/proc/{pid}/task/{max(threads)}/environ")
    return b""


def _numbers(folder: str) -> set[int]:
    with os.scandir(folder) as entries:
        return {int(entry.name) for entry in entries if entry.name.isdecimal()}


def _read(path: str) -> bytes:
    try:
        # Not Path.open: verbs that must be quick come here, and don't load pathlib.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""
