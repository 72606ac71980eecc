"""Locks in a file: the system's own table of them is read."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.workspace.processes import locks

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_SH, 2, 10)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not locks.TABLE.exists(), reason="only Linux tells who holds locks")
def test_who_holds_a_lock_in_a_range_is_found(tmp_path: Path) -> None:
    """Bytes 10 and 11 of this file, not of another; nobody once it has ended."""
    file, other = tmp_path / "file", tmp_path / "other"
    for each in (file, other):
        each.write_bytes(b"x" * 20)
    with subprocess.Popen(
        (sys.executable, "-c", HOLDER, str(file)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"held\n"
        for places in (range(10, 11), range(11, 20), range(20)):
            assert locks.holders(file, places) == {holder.pid}
        for places in (range(10), range(12, 20)):
            assert locks.holders(file, places) == frozenset()
        assert locks.holders(other, range(20)) == frozenset()
        holder.stdin.close()
    assert locks.holders(file, range(20)) == frozenset()


def test_where_nobody_tells_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table, or no such file; and one who only waits for a lock holds none."""
    file = tmp_path / "file"
    assert locks.holders(file, range(20)) == frozenset()
    file.write_bytes(b"")
    inode = file.stat().st_ino
    table = tmp_path / "locks"
    monkeypatch.setattr(locks, "TABLE", table)
    assert locks.holders(file, range(20)) == frozenset()
    table.write_text(
        f"1: POSIX  ADVISORY  READ 41 08:01:{inode} 0 EOF\n"
        f"1: -> POSIX  ADVISORY  WRITE 42 08:01:{inode} 0 EOF\n"
        f"2: FLOCK  ADVISORY  WRITE 0 08:01:{inode} 0 EOF\n"
    )
    assert locks.holders(file, range(5, 6)) == {41}
