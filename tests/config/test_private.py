"""Files that hold secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from deputize.config.private import LONGEST_BYTES, read_private, write_private
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o601])
def test_what_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """The error names the file, its mode and the command that mends it."""
    file = tmp_path / "key"
    file.write_text("hush")
    file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_private(file)
    assert f"others may read {file} (mode {mode:04o})" in caught.value.message
    assert caught.value.hint == f"chmod 600 {file}"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_what_only_the_owner_can_reach_is_read(tmp_path: Path, mode: int) -> None:
    """A link is followed: the file behind it is what counts."""
    file, link = tmp_path / "key", tmp_path / "link"
    file.write_text("hush")
    file.chmod(mode)
    link.symlink_to(file)
    assert read_private(link) == b"hush"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, and nothing at all: none of them is waited for."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in (".", "pipe", "nothing"):
        with pytest.raises(ConfigError, match=r"no plain file|cannot read"):
            read_private(tmp_path / name)


def test_what_is_too_long_is_refused(tmp_path: Path) -> None:
    """No more is read than a key could be."""
    write_private(tmp_path / "key", b"x" * (LONGEST_BYTES + 1))
    with pytest.raises(ConfigError, match="longer than"):
        read_private(tmp_path / "key")


def test_what_is_written_is_private_whatever_was_there(tmp_path: Path) -> None:
    """The folder is made, an old file is replaced whole, and no draft stays."""
    file = tmp_path / "keys" / "mine"
    write_private(file, b"old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert (read_private(file), file.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(file.parent.iterdir()) == [file]
    assert file.parent.stat().st_mode & 0o777 == 0o700
