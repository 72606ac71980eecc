"""Telling how tasks ended, in words and as exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.states import TaskState
from deputize.surfaces.cli.task_lines import ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output


def print_ending(task: Task, output: Output) -> None:
    """Print how a task ended; on stderr, what can be done where it failed."""
    output.text(*ending(task))
    _note_hint(task, output)


def note_ending(task: Task, output: Output) -> None:
    """Say on stderr how a task ended that isn't done."""
    if task.state is not TaskState.DONE:
        output.note(*ending(task))
        _note_hint(task, output)


def _note_hint(task: Task, output: Output) -> None:
    from deputize.desk.documents import what_to_do

    hint = what_to_do(task)
    if hint and task.state is TaskState.FAILED:
        output.note(f"hint: {hint}")


def exit_code_of_race(ended: Sequence[Task]) -> int:
    """Return 0 where one that ran in it is done, else 1."""
    return 0 if any(task.state is TaskState.DONE and not task.is_judge for task in ended) else 1


def exit_code_of(ended: Sequence[Task]) -> int:
    """Return 0 where all are done, else 1."""
    return 0 if all(task.state is TaskState.DONE for task in ended) else 1
