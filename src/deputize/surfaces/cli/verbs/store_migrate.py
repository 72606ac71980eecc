"""Bring the store up to date with this deputize, and say what was done.

Every command does so when it first meets an older store; this one only says it. It is for an
upgrade by hand: run it once, before the workers start again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize store migrate
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `store migrate` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Open the store, and print what that did."""
    from deputize.desk.context import open_desk
    from deputize.desk.moving import migrated

    del arguments
    with open_desk() as desk:
        found = migrated(desk)
    if output.json:
        applied = [each._asdict() for each in found.applied]
        output.document({"store": found.place, "schema": found.schema, "applied": applied})
        return 0
    for each in found.applied:
        output.text(f"{each.number:04} {each.name}")
    done = "was brought up to date" if found.applied else "was up to date"
    output.note(f"{found.place} {done}: schema {found.schema}")
    return 0
