"""Whose processes are whose where one program serves several attempts.

What a command of an attempt starts bears the attempt's mark, where the program lets us set one. The
shell itself, and what it forks without starting another program, don't: these are known by the
program's mark and by the folder that they work in, or that their shell was in when it started them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil

from deputize.workspace.processes import reaper, table
from deputize.workspace.processes.ending import end_all
from deputize.workspace.processes.environment import assignments
from deputize.workspace.processes.identity import identity_of
from deputize.workspace.processes.tree import entries_of_tree, with_descendants

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from deputize.workspace.processes.entry import Entry
    from deputize.workspace.processes.identity import ProcessIdentity

PLACES = (b"PWD=", b"OLDPWD=")
"""Variables in which a shell tells what it starts where it is, and where it was before."""


def end_attempt_in(
    program: ProcessIdentity,
    run_marker: str,
    attempt_marker: str,
    folder: Path,
    *,
    spared: Collection[ProcessIdentity] = (),
) -> None:
    """End what one attempt has left of what `program` started for it; blocks; raises as `end_all`.

    `run_marker` is the mark of the program, `folder` the one that the attempt works in. `spared`
    are processes that the program itself needs.
    """
    place = str(folder.resolve())
    own = {program, *spared}
    end_all(lambda: _but(own, _of_attempt(own, run_marker, attempt_marker, place)))


def end_all_but(
    program: ProcessIdentity, run_marker: str, *, spared: Collection[ProcessIdentity] = ()
) -> None:
    """End what is left of all that `program` started, but not itself; blocks; as `end_all`."""
    own = {program, *spared}
    end_all(lambda: _but(own, entries_of_tree(run_marker, ())))


def _but(own: set[ProcessIdentity], found: list[Entry]) -> list[Entry]:
    return [each for each in found if identity_of(each.pid, each.started) not in own]


def megabytes_of(program: ProcessIdentity) -> float:
    """Return how much memory a program holds; 0 where that can't be known."""
    try:
        return float(psutil.Process(program.pid).memory_info().rss) / 1e6
    except (psutil.Error, OSError):
        return 0.0


def _of_attempt(
    own: set[ProcessIdentity], run_marker: str, attempt_marker: str, folder: str
) -> list[Entry]:
    marked = entries_of_tree(attempt_marker, ()) if attempt_marker else []
    return marked or _in_folder(own, run_marker, folder)


def _in_folder(own: set[ProcessIdentity], run_marker: str, folder: str) -> list[Entry]:
    """Return what a program started that works in a folder, with what descends from it.

    What has thrown the mark away and lost its parents is an orphan of ours: agents left it.
    """
    orphans = {each.pid for each in reaper.unmarked_orphans()}
    running = [each for each in table.everything() if not each.ended]
    of_program = _family(own, run_marker, running) | orphans
    others = _but(own, running)
    found = {each.pid for each in others if each.pid in of_program and _works_in(folder, each)}
    family = with_descendants(found, others)
    return sorted((each for each in others if each.pid in family), key=lambda each: each.order)


def _family(own: set[ProcessIdentity], run_marker: str, running: list[Entry]) -> set[int]:
    """Return the numbers of all that bears a program's mark, and of what descends from that.

    Some have thrown the mark away. One that is just being started doesn't show it yet.
    """
    marks = assignments(run_marker)
    heads = {
        each.pid
        for each in running
        if identity_of(each.pid, each.started) in own
        or not marks.isdisjoint(table.environment(each))
    }
    return with_descendants(heads, running) - {os.getpid()}


def _works_in(folder: str, entry: Entry) -> bool:
    """Tell whether a process is in a folder, or was started by a shell that was there."""
    return _is_inside(table.folder(entry), folder) or any(
        _is_inside(_value(pair), folder)
        for pair in table.environment(entry)
        if pair.startswith(PLACES)
    )


def _value(pair: bytes) -> str:
    return os.fsdecode(pair.partition(b"=")[2])


def _is_inside(path: str | None, folder: str) -> bool:
    return path is not None and (path == folder or path.startswith(f"{folder}/"))
