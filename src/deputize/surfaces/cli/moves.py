"""What the verbs share that move tasks on: cancel, retry, hold, release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_tasks
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from deputize.desk.context import Desk
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output

    Move = Callable[[Desk, int], Task]


def add_move_arguments(parser: ArgumentParser) -> None:
    """Let a verb name tasks, and print them as JSON afterwards."""
    add_tasks(parser, several=True)
    add_format(parser)


def carry_out(arguments: Namespace, output: Output, move: Move) -> None:
    """Move each task that was named, and print where it stands then."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import view
    from deputize.surfaces.cli.task_lines import headline

    moved = []
    with open_desk() as desk:
        for task_id in chosen_tasks(desk, arguments):
            task = move(desk, task_id)
            moved.append(task)
            if not output.json:
                output.text(*headline(task), _fact(task))
        if any(not task.is_final and not task.held for task in moved):
            wake_up(desk, output)
        if output.json:
            output.document([task_document(view(desk, task.id)) for task in moved])


def _fact(task: Task) -> str:
    if task.cancel_requested:
        return " (being stopped)"
    return " (held)" if task.held else ""
