"""Show the tasks of a race, or of any plan, side by side: who did what, and what it took.

TIME, TOKENS and COST are those of all attempts of a task together. Where a task ended without a
change, FILES and LINES are of what was saved of its work; `deputize diff ID` shows either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, plan_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize compare p3
  deputize compare p3 --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `compare` takes."""
    parser.add_argument("id", metavar="ID", type=plan_id, help="a plan: p3 or 3")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print them side by side."""
    from deputize.desk.comparing import compare
    from deputize.desk.comparison_document import comparison_document
    from deputize.desk.context import open_desk
    from deputize.surfaces.cli.comparison_page import print_comparison

    with open_desk() as desk:
        found = compare(desk, arguments.id)
    if output.json:
        output.document(comparison_document(found))
    else:
        print_comparison(output, found)
    return 0
