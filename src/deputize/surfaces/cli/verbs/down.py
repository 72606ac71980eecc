"""Let all workers finish what they have in hand and end. What is queued waits for the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize down
  deputize down --wait
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `down` takes."""
    parser.add_argument("--wait", action="store_true", help="return once they have ended")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Ask the workers to end, and print those that were asked."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import worker_document
    from deputize.desk.starting import wait_until_gone
    from deputize.desk.stations import down, listing

    with open_desk() as desk:
        running = {worker.id for worker, alive in listing(desk) if alive}
        asked = [worker for worker in down(desk) if worker.id in running]
        if arguments.wait:
            wait_until_gone(desk, asked)
    if output.json:
        alive = not arguments.wait
        output.document([worker_document(worker, alive=alive) for worker in asked])
        return 0
    for worker in asked:
        output.text(worker.id)
    if not asked:
        output.note("no worker runs")
    elif not arguments.wait:
        output.note("they finish what they have in hand; `deputize workers` shows who is left")
    return 0
