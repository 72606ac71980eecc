"""Looks at the machine: its programs, the folder of the home, the room on its disk."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import stat
import sys
import tempfile
from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import FIX, About, Finding, fail, ok, warn
from deputize.desk.mounts import FOREIGN, file_system_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.config.home import Home

PROBE_BYTES = 4096
CLOSED_HINT = "check its permissions, or set DEPUTIZE_HOME to a folder that you can write to"
TIGHT_BYTES = 2 << 30
TOO_LITTLE_BYTES = 200 << 20
OTHERS = 0o077


def git() -> Iterator[Finding]:
    """Find git, and tell its version."""
    from deputize.git.command import require_git

    yield ok(About.GIT, "version " + ".".join(map(str, require_git())))


def sqlite() -> Iterator[Finding]:
    """Tell which SQLite this Python has."""
    version = f"version {sqlite3.sqlite_version}, in Python {sys.version.split()[0]}"
    yield ok(About.SQLITE, version)


def home(place: Home) -> Iterator[Finding]:
    """Look whether the home takes files, and who may look into it."""
    if not place.path.exists():
        yield ok(About.HOME, f"{place.path} will be made by the first `deputize add`")
        return
    yield _writable(place.path)
    yield from private(About.HOME, place.path, 0o700, "others may look into it")
    kind = file_system_of(place.path)
    if kind in FOREIGN:
        hint = "set DEPUTIZE_HOME to a folder on a local disk"
        yield warn(About.HOME, f"it is on a {kind} mount, where a database may be damaged", hint)


def private(about: About, path: Path, mode: int, text: str) -> Iterator[Finding]:
    """Find what others than the owner may reach."""

    def mend() -> str:
        path.chmod(mode)
        return "now its owner only"

    if stat.S_IMODE(path.stat().st_mode) & OTHERS:
        yield warn(about, text, f"chmod {mode:o} {path}, or {FIX}", mend)


def _writable(folder: Path) -> Finding:
    """Tell whether a file can be made in a folder, and something be written into it."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"\0" * PROBE_BYTES)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        text = f"{folder} can't be written to: {error.strerror}"
        return fail(About.HOME, text, "free some disk space" if full else CLOSED_HINT)
    return ok(About.HOME, f"{folder} can be written to")


def disk(place: Home) -> Iterator[Finding]:
    """Look how much room there is for workspaces."""
    folder = next(each for each in (place.path, *place.path.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GiB free"
    hint = "free some: each workspace is a checkout of its own"
    if free < TOO_LITTLE_BYTES:
        yield fail(About.DISK, text, hint)
    else:
        yield warn(About.DISK, text, hint) if free < TIGHT_BYTES else ok(About.DISK, text)
