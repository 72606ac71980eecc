"""List the questions that wait for you."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize approvals
  deputize diff 12 && deputize approve a3
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `approvals` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the open questions."""
    from deputize.desk.answers import unanswered
    from deputize.desk.context import open_desk
    from deputize.desk.documents import approval_document
    from deputize.surfaces.cli.times import ago

    del arguments
    with open_desk() as desk:
        found = unanswered(desk)
    if output.json:
        output.document([approval_document(approval) for approval in found])
        return 0
    rows = [
        (
            f"a{approval.id}",
            f"#{approval.task}" if approval.task else "",
            approval.risk,
            ago(approval.asked_at),
            approval.subject,
            approval.reason,
        )
        for approval in found
    ]
    output.table(rows, ("ID", "TASK", "RISK", "AGE", "ABOUT", "WHY"))
    if not found:
        output.note("no question waits for you")
    return 0
