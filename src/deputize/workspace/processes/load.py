"""What the processes of an attempt use of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.workspace.processes.tree import entries_below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.workspace.processes.identity import ProcessIdentity


class Load(NamedTuple):
    """How many processes there are, and what those have used since they began."""

    process_count: int
    cpu_seconds: float


def load_of(roots: Iterable[ProcessIdentity]) -> Load:
    """Look at what runs of some programs and of what they have started, sessions of theirs too."""
    running = entries_below(roots)
    return Load(len(running), sum(entry.cpu_seconds for entry in running))
