"""Show everything that is known of a change: its files, its risk, how its checks ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, change_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize changes show c7
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `changes show` takes."""
    parser.add_argument("id", metavar="ID", type=change_id, help="a change: c7 or 7")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the change."""
    from deputize.desk.changes import get
    from deputize.desk.context import open_desk
    from deputize.desk.documents import change_document
    from deputize.surfaces.cli.task_page import print_change

    with open_desk() as desk:
        change = get(desk, arguments.id)
    if output.json:
        output.document(change_document(change))
    else:
        print_change(output, change)
    return 0
