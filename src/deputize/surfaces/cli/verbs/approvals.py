"""List the questions that wait for you, oldest first; with --state answered ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize approvals
  deputize approvals --state denied --since 7d
  deputize diff 12 && deputize approve a3
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `approvals` takes."""
    add_narrowing(parser, "questions", role="about tasks of this role", since="asked")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the open questions."""
    from deputize.desk.answers import listing
    from deputize.desk.context import open_desk
    from deputize.desk.documents import approval_document
    from deputize.surfaces.cli.times import ago

    wanted = narrowing_of(arguments)
    with open_desk() as desk:
        found = listing(desk, wanted)
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
    if not (found or wanted.is_narrow):
        output.note("no question waits for you")
    return 0
