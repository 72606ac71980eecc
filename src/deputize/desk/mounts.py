"""On what kind of file system a folder is: not each can hold a database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Mount = tuple[str, str]
    """Where it is, and its type."""

TABLE = Path("/proc/self/mountinfo")
FOREIGN = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "9p", "drvfs", "ntfs", "ntfs3",
     "tuxera_ntfs", "ufsd_NTFS", "fuseblk", "macfuse", "osxfuse", "fusefs", "afs", "ceph",
     "glusterfs", "lustre", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs",
     "fuse.vmhgfs-fuse", "vmhgfs", "vboxsf", "prl_fs"}
)  # fmt: skip
"""Where SQLite's locks or its shared memory can't be relied on (sqlite.org/wal.html)."""
_ESCAPE = re.compile(r"\\([0-7]{3})")


def file_system_of(path: Path, mounts: Iterable[Mount] | None = None) -> str | None:
    """Return the type of the file system that holds `path`; None where the system doesn't tell."""
    wanted = path.resolve()
    best: tuple[int, str | None] = (-1, None)
    for point, kind in known_mounts() if mounts is None else mounts:
        if wanted.is_relative_to(point) and len(point) >= best[0]:
            best = (len(point), kind)
    return best[1]


def known_mounts() -> list[Mount]:
    """Return what is mounted here, in the order in which it was."""
    return mounts_in(TABLE) if TABLE.exists() else asked_mounts()


def mounts_in(table: Path) -> list[Mount]:
    """Read Linux's table of mounts (proc_pid_mountinfo(5))."""
    lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [_mount(line.split(" ")) for line in lines]


def asked_mounts() -> list[Mount]:
    """Ask the system: the way that works everywhere, macOS too."""
    import psutil

    return [(each.mountpoint, each.fstype) for each in psutil.disk_partitions(all=True)]


def _mount(fields: list[str]) -> Mount:
    point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), fields[4])
    return point, fields[fields.index("-", 6) + 1]
