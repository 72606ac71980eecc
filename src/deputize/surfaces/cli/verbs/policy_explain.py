"""Say why the gate said no, or asked, in a task: each such answer with its rule.

The rules are shown as they stand now; an answer names the rule that held when it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, task_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize policy explain 12
  deputize policy explain 12 --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `policy explain` takes."""
    parser.add_argument("id", metavar="ID", type=task_id, help="a task: 12 or #12")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the answers of a task's gate, and what holds for it."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import event_document
    from deputize.desk.policy import of_task, refusals, standing_document
    from deputize.surfaces.cli.policies import print_decision, print_standing

    with open_desk() as desk:
        standing = of_task(desk, arguments.id)
        found = list(refusals(desk, arguments.id))
    if output.json:
        told = {"decisions": [event_document(entry) for entry in found]}
        output.document({**standing_document(standing), **told})
        return 0
    print_standing(output, standing)
    output.text()
    for entry in found:
        print_decision(output, entry.body)
    if not found:
        output.note(f"#{arguments.id} was refused nothing")
    return 0
