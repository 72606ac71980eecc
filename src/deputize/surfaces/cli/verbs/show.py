"""Show everything that is known of a task: where it stands, why, its attempts, its change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_task

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize show 12
  deputize show --latest --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `show` takes."""
    add_tasks(parser, several=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the task."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import shown_document
    from deputize.desk.plans import kin
    from deputize.desk.tasks import view
    from deputize.surfaces.cli.task_page import print_page

    with open_desk() as desk:
        found = view(desk, chosen_task(desk, arguments))
        related = kin(desk, found.task.id)
    if output.json:
        output.document(shown_document(found, related))
    else:
        print_page(output, found, related)
    return 0
