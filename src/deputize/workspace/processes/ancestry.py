"""Whether this process was started, at whatever remove, by an attempt's agent."""

from __future__ import annotations

import os

from deputize.workspace.processes import table
from deputize.workspace.processes.environment import ATTEMPT, TASK, is_marked

DEEPEST = 256


def is_inside_attempt() -> bool:
    """Tell whether this process or one above it carries an attempt's mark.

    An ancestor that threw its environment away is still above: each is looked at, not only ours.
    """
    if any(name in os.environ for name in (TASK, ATTEMPT)):
        return True
    pid = os.getppid()
    for _ in range(DEEPEST):
        entry = table.look(pid)
        if entry is None or pid <= 1:
            return False
        if is_marked(table.environment(entry)):
            return True
        pid = entry.parent
    return False
