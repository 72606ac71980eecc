"""Whose processes are whose where one program serves several attempts.

What a command of an attempt starts bears the attempt's mark. The shell itself, and what it forks
without starting another program, don't: these are known by the program's mark and by the folder
that they work in.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import psutil

from deputize.workspace.processes import table
from deputize.workspace.processes.ending import end_all
from deputize.workspace.processes.environment import assignments
from deputize.workspace.processes.tree import entries_of_tree, with_descendants

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.workspace.processes.entry import Entry
    from deputize.workspace.processes.identity import ProcessIdentity


def end_attempt_in(
    program: ProcessIdentity, run_marker: str, attempt_marker: str, folder: Path
) -> None:
    """End what one attempt has left of what `program` started for it; blocks; raises as `end_all`.

    `run_marker` is the mark of the program, `folder` the one that the attempt works in.
    """
    end_all(partial(_of_attempt, program, run_marker, attempt_marker, str(folder.resolve())))


def end_all_but(program: ProcessIdentity, run_marker: str) -> None:
    """End what is left of all that `program` started, but not itself; blocks; as `end_all`."""
    end_all(lambda: [each for each in entries_of_tree(run_marker, ()) if each.pid != program.pid])


def megabytes_of(program: ProcessIdentity) -> float:
    """Return how much memory a program holds; 0 where that can't be known."""
    try:
        return float(psutil.Process(program.pid).memory_info().rss) / 1e6
    except (psutil.Error, OSError):
        return 0.0


def _of_attempt(
    program: ProcessIdentity, run_marker: str, attempt_marker: str, folder: str
) -> list[Entry]:
    marked = entries_of_tree(attempt_marker, ()) if attempt_marker else []
    return marked or _in_folder(program, run_marker, folder)


def _in_folder(program: ProcessIdentity, run_marker: str, folder: str) -> list[Entry]:
    """Return what `program` started that works in a folder, with what descends from it."""
    marks = assignments(run_marker)
    running = [each for each in table.everything() if not each.ended and each.pid != program.pid]
    own = {
        each.pid
        for each in running
        if _is_inside(table.folder(each), folder)
        and not marks.isdisjoint(table.environment(each))
        and each.pid != os.getpid()
    }
    family = with_descendants(own, running)
    return sorted((each for each in running if each.pid in family), key=lambda each: each.order)


def _is_inside(path: str | None, folder: str) -> bool:
    return path is not None and (path == folder or path.startswith(f"{folder}/"))
