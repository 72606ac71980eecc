"""Stop tasks. One that runs has its agent ended, with every process that it started.

What an agent had written is kept on a ref. Cancelling what has ended changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize cancel 12
  deputize cancel 12 13 --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `cancel` takes."""
    add_move_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Cancel the tasks."""
    from deputize.desk.tasks import cancel

    carry_out(arguments, output, cancel)
    return 0
