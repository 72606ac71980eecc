"""List what attempts propose to land, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.change import Change
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize changes list
  deputize changes list --state quarantined
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `changes list` takes."""
    parser.add_argument("--state", help="only changes in this state")
    parser.add_argument("--limit", type=whole_number, metavar="N", default=50, help="default: 50")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the changes."""
    from deputize.desk.changes import listing
    from deputize.desk.context import open_desk
    from deputize.desk.documents import change_document
    from deputize.surfaces.cli.task_lines import state_of

    with open_desk() as desk:
        found = listing(desk, state=arguments.state, limit=arguments.limit)
    if output.json:
        output.document([change_document(change) for change in found])
        return 0
    rows = [
        (
            f"c{change.id}",
            f"#{change.task}",
            state_of(change.state),
            change.target,
            _size(change),
            change.risk,
            change.reason or "",
        )
        for change in found
    ]
    output.table(rows, ("ID", "TASK", "STATE", "TARGET", "SIZE", "RISK", "WHY"))
    return 0


def _size(change: Change) -> str:
    files = "1 file" if len(change.files) == 1 else f"{len(change.files)} files"
    return f"{files}, +{change.added} -{change.removed}"
