"""Wait until tasks have ended: exit 0 if all are done, 1 if one isn't, 75 if the time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_tasks, seconds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize wait 12 13
  deputize wait --latest --timeout 30m && git log -1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `wait` takes."""
    add_tasks(parser, several=True)
    parser.add_argument("--timeout", type=seconds, metavar="SPAN", help="give up after 90, 10m, 2h")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Wait, and print how they ended."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import view, wait
    from deputize.surfaces.cli.endings import exit_code_of, print_ending

    with open_desk() as desk:
        ended = wait(desk, chosen_tasks(desk, arguments), arguments.timeout)
        if output.json:
            output.document([task_document(view(desk, task.id)) for task in ended])
            return exit_code_of(ended)
    for task in ended:
        print_ending(task, output)
    return exit_code_of(ended)
