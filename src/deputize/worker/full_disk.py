"""What a full disk means for an attempt: it is nobody's failure, and will be over some day."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.errors import GitError, StoreUnavailable
from deputize.git.command import is_out_of_disk
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.worker.evidence import Seen

FULL_BYTES = 4 << 20
"""With less than this free, an agent that fails may well have failed for want of space."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_passing(error: BaseException) -> bool:
    """Tell whether an error is over once there is space on the disk, or the store has a moment."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    full = isinstance(error, GitError) and is_out_of_disk(error)
    return full or isinstance(error, StoreUnavailable)


def excused(seen: Seen, folder: Path) -> Seen:
    """Take an agent's failure on a full disk for what it is: out_of_disk, and not its own."""
    own = seen.outcome in {Outcome.AGENT_ERROR, Outcome.AGENT_CRASHED}
    if not own or shutil.disk_usage(folder).free >= FULL_BYTES:
        return seen
    error = f"the disk of {folder} is full; {seen.error or 'the agent failed'}"
    return replace(seen, outcome=Outcome.OUT_OF_DISK, error=error)
