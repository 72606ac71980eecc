"""Start nothing more until `resume`; what runs goes on, what is queued waits.

Without a name it holds for everything. A worker that is running stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.pausing import add_barrier_arguments, chosen_barrier, told

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize pause
  deputize pause --provider anthropic --reason "the bill"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `pause` takes."""
    parser.add_argument("--reason", metavar="TEXT", help="why, for whoever looks")
    add_barrier_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Close the barrier and say how it is opened."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import barrier_document
    from deputize.desk.pauses import pause

    with open_desk() as desk:
        barrier = pause(desk, *chosen_barrier(arguments), arguments.reason)
    if output.json:
        output.document(barrier_document(barrier))
    else:
        output.text(told(barrier))
    return 0
