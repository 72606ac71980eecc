"""Let held tasks go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import Verb, add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize release 12
  deputize release --plan p3
  deputize release --role writer --label nightly
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `release` takes."""
    add_move_arguments(parser, "held tasks")


def run(arguments: Namespace, output: Output) -> int:
    """Release the tasks."""
    from deputize.desk.choosing import to_release
    from deputize.desk.tasks import release

    verb = Verb("release", "released", to_release, release)
    return carry_out(arguments, output, verb)
