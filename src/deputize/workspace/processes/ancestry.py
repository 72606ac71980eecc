"""Whether this process was started, at whatever remove, by an attempt's agent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.workspace.processes import table
from deputize.workspace.processes.environment import ATTEMPT, TASK, is_marked
from deputize.workspace.processes.identity import boot_id, identity_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from deputize.workspace.processes.entry import Entry
    from deputize.workspace.processes.identity import ProcessIdentity

DEEPEST = 256


def is_inside_attempt(workers: Collection[ProcessIdentity] = ()) -> bool:
    """Tell whether this process, or one above it, carries an attempt's mark or is one of `workers`.

    Whoever threw the mark away and left its session has a worker for a parent in the end: workers
    adopt what their agents leave behind, and start nothing else.
    """
    if any(name in os.environ for name in (TASK, ATTEMPT)):
        return True
    try:
        return _is_shut_in(workers) or any(
            is_marked(table.environment(entry)) or identity_of(entry.pid, entry.started) in workers
            for entry in _ancestors()
        )
    except OSError:
        # Whoever hides the processes of this machine has something to hide.
        return True


def _is_shut_in(workers: Collection[ProcessIdentity]) -> bool:
    """Tell whether a worker of this boot runs where we can't see it: outside our namespace."""
    boot, _, _ = boot_id().partition("/")
    return any(
        worker.boot.partition("/")[0] == boot and worker.boot != boot_id() for worker in workers
    )


def _ancestors() -> Iterator[Entry]:
    """Yield who started us, up to the first process; OSError where one of them can't be seen."""
    pid = os.getppid()
    for _ in range(DEEPEST):
        if pid == 0:
            return
        entry = table.look(pid)
        if entry is None:
            raise ProcessLookupError(pid)
        yield entry
        pid = entry.parent
