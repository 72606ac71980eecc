"""Adopting orphans, so that none is left: those who lose their parent become our children.

Whatever a worker starts in a session of its own must be started by `program`, which claims its
children here: any other child outside our session is taken for an adopted one.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from deputize.workspace.processes import table
from deputize.workspace.processes.ending import end_all
from deputize.workspace.processes.environment import is_marked
from deputize.workspace.processes.identity import ProcessIdentity, identity_of

if TYPE_CHECKING:
    from deputize.workspace.processes.entry import Entry

SET_CHILD_SUBREAPER: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
LINGER_SECONDS: Final = 2.0
"""How long a zombie is left to somebody else in this process who may be waiting for it."""

_claimed: dict[int, ProcessIdentity] = {}
starting: Final = threading.Lock()
"""Held from before a child is started until it is claimed: meanwhile nobody looks for leftovers.

A child that has not got to its program yet has our environment and no mark: it looks like one.
"""


def become_subreaper() -> bool:
    """Make orphans among our descendants our children; tells whether the system can do that."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def claim(child: ProcessIdentity) -> None:
    """Remember that `child` was started here and that its starter will collect it."""
    _claimed[child.pid] = child


def disclaim(child: ProcessIdentity) -> None:
    """Forget a child that has been collected."""
    _claimed.pop(child.pid, None)


def end_orphans() -> None:
    """End adopted processes that no running attempt can own; blocks; raises as `end_all`.

    These are the ones `find_tree` can't tell: daemons that threw away session and environment.
    Such an orphan may be a running program's if it is younger than that, else it is a leftover.
    """
    end_all(_leftovers)


def _leftovers() -> list[Entry]:
    with starting:
        eldest = min((float(child.started) for child in _claimed.values()), default=float("inf"))
        return [entry for entry in _unmarked() if float(entry.started) < eldest]


def unmarked_orphans() -> list[Entry]:
    """Return the adopted processes that bear no mark: what some program here has left, or leaves.

    Who knows more of them, such as where they work, can tell whose they are.
    """
    with starting:
        return _unmarked()


def _unmarked() -> list[Entry]:
    return [
        entry for entry in _adopted() if not entry.ended and not is_marked(table.environment(entry))
    ]


def _adopted() -> list[Entry]:
    if not _has_children():
        return []
    me, session = os.getpid(), os.getsid(0)
    return [
        entry
        for entry in table.everything()
        if entry.parent == me and entry.session != session and entry.pid not in _claimed
    ]


def _has_children() -> bool:
    """Tell whether this process has children: one question, where looking at all costs many."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _has_ended_children() -> bool:
    """Tell whether a child has ended that nobody has collected: one question again."""
    if not hasattr(os, "waitid"):
        return True
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


class Reaper:
    """Collects the zombies of adopted orphans, and no exit status that others wait for."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._seen: dict[ProcessIdentity, float] = {}

    def reap_zombies(self, *, linger_seconds: float = LINGER_SECONDS) -> int:
        """Collect zombies that an earlier call saw `linger_seconds` ago; returns how many."""
        if not _has_ended_children():
            self._seen.clear()
            return 0
        now = time.monotonic()
        zombies = {identity_of(entry.pid, entry.started) for entry in _adopted() if entry.ended}
        self._seen = {zombie: self._seen.get(zombie, now) for zombie in zombies}
        due = [zombie for zombie, since in self._seen.items() if now - since >= linger_seconds]
        for zombie in due:
            with suppress(ChildProcessError):
                os.waitpid(zombie.pid, os.WNOHANG)
            del self._seen[zombie]
        return len(due)
