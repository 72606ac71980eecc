"""Set tasks going again that failed or were cancelled, with all their tries.

Tasks that were cancelled because they needed one of these wait for it again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deputize.surfaces.cli.moves import add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize retry 12
  deputize retry --latest --resume
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `retry` takes."""
    parser.add_argument("--resume", action="store_true", help="go on in the agent's last session")
    add_move_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Revive the tasks."""
    from deputize.desk.tasks import retry

    carry_out(arguments, output, partial(retry, resume=arguments.resume))
    return 0
