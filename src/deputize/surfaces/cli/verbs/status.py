"""The board: what runs, what waits and for what, what needs you, which workers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize status
  deputize status --watch        # ends when all is done
  deputize status --json
"""
WATCH_SECONDS = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `status` takes."""
    parser.add_argument(
        "--watch",
        nargs="?",
        type=whole_number,
        const=WATCH_SECONDS,
        metavar="S",
        help="draw it again every S seconds (default: 2) until all is done",
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the board once, or until nothing is open."""
    from deputize.desk.context import open_desk
    from deputize.errors import InvalidInput
    from deputize.surfaces.cli.board import board_document, look, print_board, watch

    if arguments.watch and output.json:
        raise InvalidInput("--watch draws for people", hint="call `deputize status --json` again")
    with open_desk() as desk:
        if arguments.watch:
            watch(desk, output, arguments.watch)
        elif output.json:
            output.document(board_document(look(desk)))
        else:
            print_board(output, look(desk))
    return 0
