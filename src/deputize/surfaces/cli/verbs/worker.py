"""Work in the foreground on tasks of some roles, or of any.

Ctrl-C takes nothing new and finishes what runs; a second one stops at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, whole_number
from deputize.surfaces.cli.working import add_report_arguments, work_here

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize worker --role inspector --role tester --slots 2
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `worker` takes."""
    parser.add_argument("--role", action="append", metavar="R", help="repeatable (default: any)")
    parser.add_argument(
        "--slots", type=whole_number, metavar="N", help="tasks at once (default: 3)"
    )
    add_report_arguments(parser)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Work until told to stop."""
    roles = tuple(arguments.role or ())
    return work_here(output, arguments.progress, roles=roles, slots=arguments.slots)
