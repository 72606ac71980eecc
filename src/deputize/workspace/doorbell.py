"""The doorbell: a named pipe by which another process wakes a worker at once.

It is only a hint. A worker that misses one looks for itself after a while.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Doorbell:
    """A worker's own bell. Close it to take it away."""

    def __init__(self, folder: Path, name: str) -> None:
        """Hang the bell in `folder`, which has to be there."""
        self.path = folder / f"{name}.bell"
        made = folder / f".{name}.new"
        os.mkfifo(made, 0o600)
        # Open for writing too, so that it is never at its end when nobody rings.
        self.descriptor = os.open(made, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        made.rename(self.path)  # not before it is open: `sweep_bells` would take it away

    def drain(self) -> None:
        """Take in every ring so far."""
        with suppress(BlockingIOError):
            while os.read(self.descriptor, 4096):
                pass

    def close(self) -> None:
        """Take the bell away."""
        os.close(self.descriptor)
        self.path.unlink(missing_ok=True)


def sweep_bells(folder: Path) -> None:
    """Take away the bells whose owners are dead: a pipe that nobody reads can't be opened."""
    for bell in folder.glob("*.bell"):
        try:
            os.close(os.open(bell, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError as error:
            if error.errno == errno.ENXIO:
                bell.unlink(missing_ok=True)


def ring(path: str) -> None:
    """Ring a bell; one that isn't there, or whose owner is gone or busy, is passed over."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):
            os.write(descriptor, b"!")
        os.close(descriptor)
