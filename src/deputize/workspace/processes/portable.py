"""The processes of any Unix machine, through psutil: for systems without /proc."""

from __future__ import annotations

import os
from contextlib import suppress

import psutil

from deputize.workspace.processes.entry import Entry


def look(pid: int) -> Entry | None:
    """Return what is known of the process `pid`, or None where there is none."""
    if pid <= 0:
        return None
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return _entry(psutil.Process(pid))
    return None


def pids() -> set[int]:
    """Return the numbers of all processes."""
    return set(psutil.pids())


def environment(entry: Entry) -> frozenset[bytes]:
    """Return the `NAME=value` pairs it was started with; empty where they may not be read."""
    # Where the system hides them, psutil answers with an error of its own or of the system.
    with suppress(psutil.Error, OSError):
        pairs = psutil.Process(entry.pid).environ().items()
        return frozenset(os.fsencode(f"{name}={value}") for name, value in pairs)
    return frozenset()


def folder(entry: Entry) -> str | None:
    """Return the folder that it works in; None where that may not be known."""
    with suppress(psutil.Error, OSError):
        return str(psutil.Process(entry.pid).cwd())
    return None


def _entry(process: psutil.Process) -> Entry:
    with process.oneshot():
        return Entry(
            pid=process.pid,
            parent=process.ppid(),
            session=_session(process.pid),
            started=f"{process.create_time():.2f}",
            name=process.name(),
            ended=process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD},
            cpu_seconds=_cpu_seconds(process),
        )


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error, OSError):
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0


def _session(pid: int) -> int:
    with suppress(OSError):
        return os.getsid(pid)
    return 0
