"""How many files of the user's checkout a task does not start from, counted while it is added."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.git.locate import start_status
from deputize.model.task import Place

if TYPE_CHECKING:
    from deputize.git.locate import StatusRun
    from deputize.model.task import TaskSpec

PATIENCE_SECONDS = 1.0
"""How long the answer may take once the task is stored; a huge checkout goes uncounted."""


def start_count(spec: TaskSpec) -> StatusRun | None:
    """Begin to count beside the rest of the work; None where nothing would be left out."""
    folder = Path(spec.repo or ".")
    if spec.place in {Place.SCRATCH, Place.IN_PLACE} or not folder.is_dir():
        return None
    return start_status(folder)


def finish_count(run: StatusRun | None, patience_seconds: float = PATIENCE_SECONDS) -> int:
    """Return how many files aren't committed, 0 where that isn't known; no patience gives up."""
    return (run.finish(patience_seconds) or 0) if run else 0
