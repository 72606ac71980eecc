"""Print what a task's newest change does, as a unified diff that `git apply` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_task

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize diff 12
  deputize diff --latest | less
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `diff` takes."""
    add_tasks(parser, several=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the diff; on a terminal with colours."""
    from deputize.desk.context import open_desk
    from deputize.desk.history import diff

    with open_desk() as desk:
        task_id = chosen_task(desk, arguments)
        text = diff(desk, task_id)
    if output.json:
        output.document({"task": task_id, "diff": text})
    else:
        output.diff(text)
    return 0
