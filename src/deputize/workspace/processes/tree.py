"""Which processes belong to an attempt: found by descent, by session, and by marker.

None of the three is enough. A child whose parent has died descends from nobody we know; one that
called setsid(2) has left the session; one started with an empty environment has lost the marker.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from deputize.workspace.processes import table
from deputize.workspace.processes.environment import assignments
from deputize.workspace.processes.identity import ProcessIdentity, identity_of, is_of_here

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.workspace.processes.entry import Entry

ROUNDS: Final = 200
"""How often newborn processes are looked for when some vanish before it is known whose they are."""


def find_tree(marker: str, roots: Iterable[ProcessIdentity] = ()) -> set[ProcessIdentity]:
    """Return the running processes that carry `marker`, descend from `roots`, or share a session.

    Roots are the programs that `program` started for the attempt: each leads its own session.
    Neither this process nor what descends from it alone is ever among them.
    """
    return {identity_of(entry.pid, entry.started) for entry in entries_of_tree(marker, roots)}


def entries_of_tree(marker: str, roots: Iterable[ProcessIdentity]) -> list[Entry]:
    """Return what `find_tree` finds as entries, parents before their children."""
    search = _Search(marker, roots)
    return search.among_all() or search.among_newborn()


def entries_below(roots: Iterable[ProcessIdentity]) -> list[Entry]:
    """Return what runs of `roots`, of their descendants and sessions: one look, for a report."""
    return _Search("", roots).among_all()


class _Search:
    """One search for the processes of an attempt."""

    def __init__(self, marker: str, roots: Iterable[ProcessIdentity]) -> None:
        self._marks = assignments(marker)
        self._roots = {root.pid: root for root in roots if is_of_here(root)}
        self._known = {os.getpid()}

    def among_all(self) -> list[Entry]:
        """Look at every process there is."""
        running = [entry for entry in table.everything() if not entry.ended]
        self._known.update(entry.pid for entry in running)
        own = {entry.pid for entry in running if self._is_own(entry)}
        family = with_descendants(own, running)
        return sorted(
            (entry for entry in running if entry.pid in family), key=lambda entry: entry.order
        )

    def among_newborn(self) -> list[Entry]:
        """Look at those that were born since, until none has vanished before it was known whose.

        A program can have a new process take its place faster than all of them can be looked at.
        """
        for _ in range(ROUNDS):
            fresh = table.pids() - self._known
            self._known |= fresh
            unclear = False
            for pid in fresh:
                entry = table.look(pid)
                if entry is not None and not entry.ended and self._is_own(entry):
                    return [entry]
                # An environment that can't be read (any more) says nothing of whose it was.
                unclear = unclear or entry is None or not table.environment(entry)
            if not unclear:
                break
        return []

    def _is_own(self, entry: Entry) -> bool:
        return entry.pid != os.getpid() and (
            self._is_root(entry) or self._is_in_session(entry) or self._is_marked(entry)
        )

    def _is_root(self, entry: Entry) -> bool:
        root = self._roots.get(entry.pid)
        return root is not None and root.started == entry.started

    def _is_in_session(self, entry: Entry) -> bool:
        """Tell whether a root leads, or led, the session that `entry` is in."""
        root = self._roots.get(entry.session)
        if root is None or float(entry.started) < float(root.started):
            return False
        # As long as a session has members its number is not given to another process: if somebody
        # else bears it now, the root's session had emptied, and this one is a stranger's.
        leader = table.look(entry.session)
        return leader is None or leader.started == root.started

    def _is_marked(self, entry: Entry) -> bool:
        return bool(self._marks) and not self._marks.isdisjoint(table.environment(entry))


def with_descendants(family: set[int], running: list[Entry]) -> set[int]:
    """Return the numbers of a family, and of all that descend from it; never our own."""
    children: dict[int, list[int]] = {}
    for entry in running:
        children.setdefault(entry.parent, []).append(entry.pid)
    waiting = list(family)
    found = set(family)
    while waiting:
        fresh = set(children.get(waiting.pop(), ())) - found - {os.getpid()}
        found |= fresh
        waiting.extend(fresh)
    return found
