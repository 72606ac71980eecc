"""Let held tasks go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, add_plan_argument, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize release 12
  deputize release --plan p3
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `release` takes."""
    add_move_arguments(parser)
    add_plan_argument(parser, "the waiting tasks")


def run(arguments: Namespace, output: Output) -> int:
    """Release the tasks."""
    from deputize.desk.tasks import release

    carry_out(arguments, output, release)
    return 0
