"""Stop tasks. One that runs has its agent ended, with every process that it started.

What an agent had written is kept on a ref. Cancelling what has ended changes nothing. Before
anything is cancelled it is said what becomes of the tasks that wait for these; on a terminal you
are asked then.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, add_plan_argument, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from deputize.desk.context import Desk
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize cancel 12
  deputize cancel 12 13 --json
  deputize cancel --plan p3 --yes
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `cancel` takes."""
    add_move_arguments(parser)
    add_plan_argument(parser, "what is open", started=True)
    parser.add_argument("--yes", action="store_true", help="don't ask")


def run(arguments: Namespace, output: Output) -> int:
    """Say what it means, and cancel the tasks."""
    from deputize.desk.tasks import cancel

    def prepare(desk: Desk, ids: Sequence[int]) -> bool:
        return _foresee(desk, ids, output, is_sure=arguments.yes or output.json)

    carry_out(arguments, output, cancel, prepare)
    return 0


def _foresee(desk: Desk, ids: Sequence[int], output: Output, *, is_sure: bool) -> bool:
    """Say what becomes of other tasks, and ask; tell whether some of them may start then."""
    from deputize.desk.plans import consequences
    from deputize.errors import Denied

    seen = consequences(desk, ids)
    _list(output, "cancelled with what they need", seen.cancelled)
    _list(output, "set free, for they wait for any end", seen.released)
    if (seen.cancelled or seen.released) and not is_sure and sys.stdin.isatty():
        output.flush()
        if not output.ask("cancel?"):
            raise Denied("nothing is cancelled: the answer was no")
    return bool(seen.released)


def _list(output: Output, what: str, found: Sequence[Task]) -> None:
    from deputize.surfaces.cli.task_lines import headline

    if found:
        output.note(f"{what}:")
        for task in found:
            output.note("  ", *headline(task))
