"""The board: what runs, what waits and for what, what needs you, which workers there are.

With --watch it is drawn again until nothing that it shows is open; then it says how that ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import (
    add_format,
    add_narrowing,
    add_tasks,
    narrowing_of,
    whole_number,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize status
  deputize status --watch        # ends when all is done
  deputize status --plan p3 --watch
  deputize status --json
"""
WATCH_SECONDS = 3
MOST_TASKS = 500
"""More than that is no board."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `status` takes."""
    parser.add_argument(
        "--watch",
        nargs="?",
        type=whole_number,
        const=WATCH_SECONDS,
        metavar="S",
        help="draw it again every S seconds (default: 3) until all is done",
    )
    add_tasks(parser, several=True)
    add_narrowing(parser, "open tasks", role="of this role", since="added", limit=MOST_TASKS)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the board once, or until nothing is open."""
    from deputize.desk.context import open_desk
    from deputize.errors import InvalidInput
    from deputize.surfaces.cli.board import board_document, look, print_board, watch

    if arguments.watch and output.json:
        raise InvalidInput("--watch draws for people", hint="call `deputize status --json` again")
    with open_desk() as desk:
        if arguments.ids or arguments.latest:
            _tell(desk, arguments, output)
        elif arguments.watch:
            watch(desk, output, arguments.watch, narrowing_of(arguments))
        elif output.json:
            output.document(board_document(look(desk, narrowing_of(arguments))))
        else:
            print_board(output, look(desk, narrowing_of(arguments)))
    return 0


def _tell(desk: Desk, arguments: Namespace, output: Output) -> None:
    """Print where the tasks stand that were named, a line each."""
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import views
    from deputize.surfaces.cli.arguments import chosen_ids
    from deputize.surfaces.cli.task_lines import headline

    all_named = views(desk, chosen_ids(desk, arguments))
    if output.json:
        output.document([task_document(found) for found in all_named])
        return
    for found in all_named:
        waiting = f" (waiting for {found.waiting_for})" if found.waiting_for else ""
        output.text(*headline(found.task), waiting)
