"""List what attempts propose to land, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.change import Change
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize changes list
  deputize changes list --state quarantined --since 1d
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `changes list` takes."""
    add_narrowing(parser, "changes", role="of tasks of this role", since="proposed")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the changes."""
    from deputize.desk.changes import listing
    from deputize.desk.context import open_desk
    from deputize.desk.documents import change_document
    from deputize.surfaces.cli.task_lines import state_of

    with open_desk() as desk:
        found = listing(desk, narrowing_of(arguments))
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
