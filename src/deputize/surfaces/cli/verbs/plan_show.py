"""Show a plan: its tasks, each after those that it needs, what each waits for and unblocks.

The lines in front draw which needs which; the NEEDS column says it in words. `#2:end` is a need
that is met however #2 ends. `--format mermaid` prints the same as a Mermaid flowchart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, plan_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize plan show p3
  deputize plan show 3 --json
  deputize plan show p3 --format mermaid
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `plan show` takes."""
    parser.add_argument("id", metavar="ID", type=plan_id, help="a plan: p3 or 3")
    add_format(parser, "mermaid")


def run(arguments: Namespace, output: Output) -> int:
    """Print the plan."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import plan_document
    from deputize.desk.plans import view
    from deputize.surfaces.cli.plan_page import print_mermaid, print_plan

    with open_desk() as desk:
        found = view(desk, arguments.id)
    if output.json:
        output.document(plan_document(found))
    elif arguments.format == "mermaid":
        print_mermaid(output, found)
    else:
        print_plan(output, found)
    return 0
