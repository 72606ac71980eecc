"""Print the answer of a task that has ended: exit 75 while it hasn't, 1 if it isn't done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_task

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize result 12
  deputize wait --latest && deputize result --latest
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `result` takes."""
    add_tasks(parser, several=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the result; where the task isn't done, say why on stderr."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import result, view
    from deputize.surfaces.cli.endings import exit_code_of, note_ending

    with open_desk() as desk:
        task = result(desk, chosen_task(desk, arguments))
        if output.json:
            output.document(task_document(view(desk, task.id)))
            return exit_code_of([task])
    if task.result:
        output.prose(task.result)
    note_ending(task, output)
    return exit_code_of([task])
