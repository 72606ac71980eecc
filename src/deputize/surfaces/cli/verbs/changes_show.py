"""Show everything that is known of a change: its files, its risk, how its checks ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, change_id, refuse_both

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.model.change import Change
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize changes show c7
  deputize changes show --latest
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `changes show` takes."""
    parser.add_argument("id", metavar="ID", nargs="?", type=change_id, help="a change: c7 or 7")
    parser.add_argument("--latest", action="store_true", help="the newest change")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the change."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import change_document
    from deputize.surfaces.cli.task_page import print_change

    with open_desk() as desk:
        change = _chosen(desk, arguments)
    if output.json:
        output.document(change_document(change))
    else:
        print_change(output, change)
    return 0


def _chosen(desk: Desk, arguments: Namespace) -> Change:
    from deputize.desk.changes import get, latest
    from deputize.errors import InvalidInput

    refuse_both(arguments, arguments.id)
    if arguments.latest:
        return latest(desk)
    if arguments.id is None:
        raise InvalidInput("which change?", hint="give an id such as c7, or --latest")
    return get(desk, arguments.id)
