"""Set tasks going again that failed or were cancelled, with all their tries.

Tasks that were cancelled because they needed one of these wait for it again. In bulk, what has
failed is chosen by what it has in common; `list --failed` shows it with the same options.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_ends
from deputize.surfaces.cli.moves import Verb, add_move_arguments, carry_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize retry 12
  deputize retry --latest --resume
  deputize retry --failed --since 1d --reason idle_timeout
  deputize retry --plan p3 --dry-run
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `retry` takes."""
    parser.add_argument("--resume", action="store_true", help="go on in the agent's last session")
    add_ends(parser)
    add_move_arguments(parser, "failed tasks", since="failed")


def run(arguments: Namespace, output: Output) -> int:
    """Revive the tasks."""
    from deputize.desk.choosing import to_retry
    from deputize.desk.tasks import retry

    again = partial(retry, resume=arguments.resume)
    verb = Verb("retry", "set going again", to_retry, again, needs_first=True)
    return carry_out(arguments, output, verb)
