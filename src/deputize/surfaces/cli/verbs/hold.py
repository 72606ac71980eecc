"""Keep tasks from starting until `release`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import Verb, add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize hold 12
  deputize hold --plan p3
  deputize hold --role writer --label nightly
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `hold` takes."""
    add_move_arguments(parser, "waiting tasks")


def run(arguments: Namespace, output: Output) -> int:
    """Hold the tasks."""
    from deputize.desk.choosing import to_hold
    from deputize.desk.tasks import hold

    verb = Verb("hold", "held", to_hold, hold)
    return carry_out(arguments, output, verb)
