"""Files that hold secrets: read only where nobody but their owner can, written in one step."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from deputize.config.home import ensure, sync_folder
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MODE = 0o600
_OTHERS = 0o077
LONGEST_BYTES = 64 * 1024


def read_private(file: Path) -> bytes:
    """Return what a file holds; ConfigError where others can read it, or it can't be read.

    What was opened is looked at, so that nobody can put another file in its place meanwhile.
    """
    try:
        # A pipe in its place would be waited for otherwise.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            _require_private(file, os.fstat(descriptor))
            content = opened.read(LONGEST_BYTES + 1)
    except OSError as error:
        hint = f"look at its rights: `ls -l {file}`"
        raise ConfigError(f"cannot read {file}: {error.strerror}", hint=hint) from error
    if len(content) > LONGEST_BYTES:
        raise ConfigError(f"{file} is longer than {LONGEST_BYTES} bytes: it holds no key")
    return content


def _require_private(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{file} is no plain file", hint="name a file that holds the key")
    if found.st_uid not in {os.getuid(), 0}:
        raise ConfigError(f"{file} belongs to somebody else", hint="use a file of your own")
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS:
        message = f"others may read {file} (mode {mode:04o}): it is not used"
        raise ConfigError(message, hint=f"chmod 600 {file}")


def write_private(file: Path, content: bytes, mode: int = MODE) -> None:
    """Put a file in place whole, for its owner alone; ConfigError where that can't be."""
    ensure(file.parent)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                os.fchmod(descriptor, mode)
                opened.write(content)
                opened.flush()
                os.fsync(descriptor)
            draft.replace(file)
            sync_folder(file.parent)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}") from error
