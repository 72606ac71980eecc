"""On what kind of file system a folder is, by each way to know."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deputize.desk.mounts import FOREIGN, TABLE, asked_mounts, file_system_of, mounts_in


def test_the_innermost_mount_counts(tmp_path: Path) -> None:
    """Also where its name has a space, or is no UTF-8; of two in one place, the later."""
    table = tmp_path / "mountinfo"
    table.write_bytes(
        b"1 0 8:1 / / rw - ext3 /dev/a rw\n"
        b"1 0 8:1 / / rw shared:1 - ext4 /dev/a rw\n"
        b"2 1 0:5 / %s/my\\040share rw - 9p host rw\n"
        b"3 1 0:6 / /caf\xe9 rw shared:2 master:1 - tmpfs - rw\n" % bytes(tmp_path)
    )
    mounts = mounts_in(table)
    assert file_system_of(tmp_path / "my share" / "home", mounts) == "9p"
    assert file_system_of(tmp_path, mounts) == "ext4"
    assert file_system_of(tmp_path, []) is None


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has both ways")
def test_both_ways_to_know_agree(tmp_path: Path) -> None:
    """What the system is asked is what its table says, for a few real places."""
    for place in (tmp_path, Path("/"), Path("/proc"), Path("/dev")):
        told = file_system_of(place, mounts_in(TABLE))
        assert told
        assert told == file_system_of(place, asked_mounts()) == file_system_of(place)


@pytest.mark.parametrize("kind", ["smbfs", "nfs", "ntfs", "afpfs", "macfuse", "9p", "fuse.sshfs"])
def test_what_is_no_local_disk_is_known(kind: str) -> None:
    """The names that Linux and macOS have for shares and foreign disks."""
    assert kind in FOREIGN
