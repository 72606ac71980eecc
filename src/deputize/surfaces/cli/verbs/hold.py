"""Keep tasks from starting until `release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize hold 12
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `hold` takes."""
    add_move_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Hold the tasks."""
    from deputize.desk.tasks import hold

    carry_out(arguments, output, hold)
    return 0
