"""Every process of this machine, through what the system offers for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "linux":
    from deputize.workspace.processes.procfs import environment, folder, look, pids
else:
    from deputize.workspace.processes.portable import environment, folder, look, pids

if TYPE_CHECKING:
    from deputize.workspace.processes.entry import Entry

__all__ = ["environment", "everything", "folder", "look", "pids"]


def everything() -> list[Entry]:
    """Return every process that may be looked at."""
    return [entry for pid in pids() if (entry := look(pid)) is not None]
