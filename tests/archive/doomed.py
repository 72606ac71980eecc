"""A process that prunes, and kills itself at one of the steps: `doomed.py KIND FOLDER STEP`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deputize.archive import pruning as module
from deputize.archive.choosing import Cutoffs
from deputize.archive.file import ArchiveWriter
from deputize.clock import SystemClock
from deputize.config.home import Home
from deputize.store import archives, retention
from tests.fixtures.databases import open_database

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS: tuple[tuple[Any, str], ...] = (
    (ArchiveWriter, "log"),
    (ArchiveWriter, "finish"),
    (module, "_is_as_written"),
    (archives, "record"),
    (retention, "delete_family"),
    (retention, "forget_logs"),
    (retention, "note"),
    (retention, "delete_beginning"),
    (Path, "rename"),
    (Path, "unlink"),
)
"""What is counted; before the step of a number, and after that of the next, the process dies."""


def main(kind: str, folder: Path, last: int) -> None:
    """Prune what is older than a day, in small files."""
    count = 0

    def counted(step: Callable[..., object]) -> Callable[..., object]:
        def stepping(*facts: object, **more: object) -> object:
            nonlocal count
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*facts, **more)

        return stepping

    for place, name in STEPS:
        setattr(place, name, counted(getattr(place, name)))
    vars(module).update(MOST_TASKS=2, MOST_ENTRIES=20)
    retention.STEP = 7
    clock = SystemClock()
    before = clock.now() - timedelta(days=1)
    with closing(open_database(kind, folder)) as database:
        pruning = module.Pruning(
            database=database,
            home=Home(folder),
            clock=clock,
            cutoffs=Cutoffs(before, before, before),
            actor="person:you",
        )
        for _ in module.prune(pruning):
            pass


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
