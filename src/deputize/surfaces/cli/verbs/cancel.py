"""Stop tasks. One that runs has its agent ended, with every process that it started.

What an agent had written is kept on a ref. Cancelling what has ended changes nothing. Before
anything is cancelled it is said what becomes of the tasks that wait for these; on a terminal you
are asked then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import Foreseen, Verb, add_move_arguments, carry_out

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
  deputize cancel --agent goose --state queued --dry-run
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `cancel` takes."""
    add_move_arguments(parser, "open tasks")


def run(arguments: Namespace, output: Output) -> int:
    """Say what it means, and cancel the tasks."""
    from functools import partial

    from deputize.desk.choosing import to_cancel
    from deputize.desk.tasks import cancel

    verb = Verb("cancel", "cancelled", to_cancel, cancel, partial(_foresee, output))
    return carry_out(arguments, output, verb)


def _foresee(output: Output, desk: Desk, chosen: Sequence[Task]) -> Foreseen:
    """Say what becomes of other tasks."""
    from deputize.desk.plans import consequences

    seen = consequences(desk, [task.id for task in chosen])
    _list(output, "cancelled with what they need", seen.cancelled)
    _list(output, "set free, for they wait for any end", seen.released)
    return Foreseen(bool(seen.released), bool(seen.cancelled or seen.released))


def _list(output: Output, what: str, found: Sequence[Task]) -> None:
    from deputize.surfaces.cli.task_lines import headline

    if found:
        output.note(f"{what}:")
        for task in found:
            output.note("  ", *headline(task))
