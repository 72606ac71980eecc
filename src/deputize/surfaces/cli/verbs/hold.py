"""Keep tasks from starting until `release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, add_plan_argument, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize hold 12
  deputize hold --plan p3
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `hold` takes."""
    add_move_arguments(parser)
    add_plan_argument(parser, "the waiting tasks")


def run(arguments: Namespace, output: Output) -> int:
    """Hold the tasks."""
    from deputize.desk.tasks import hold

    carry_out(arguments, output, hold)
    return 0
