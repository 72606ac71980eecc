"""Temporary folders that are swept away once the process that made them is gone."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make_held(prefix: str, place: str | None = None) -> tuple[Path, int]:
    """Make a folder, locked for as long as this process lives, or the descriptor is open.

    Raises OSError.
    """
    made = Path(tempfile.mkdtemp(prefix=f".{prefix}", dir=place))
    held = os.open(made, _FOLDER)
    with suppress(OSError):  # where there are no locks, nothing is swept either
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Not before it is locked: `sweep_held` would take it away.
    return made.rename(made.with_name(made.name.removeprefix("."))), held


def sweep_held(prefix: str, places: Iterable[str]) -> None:
    """Remove the folders of that prefix which nobody holds any more."""
    for place in places:
        for folder in Path(place).glob(f"{prefix}*"):
            with suppress(OSError):
                _remove_left(folder)


def _remove_left(folder: Path) -> None:
    descriptor = os.open(folder, _FOLDER)
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
