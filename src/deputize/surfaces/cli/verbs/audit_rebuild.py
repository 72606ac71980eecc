"""Write the daily audit files again from the journal, once `audit verify` has found one wrong.

A wrong file is not thrown away: it stays beside the new one. That it was done is in the trail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize audit rebuild
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `audit rebuild` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Write the files, and print those that were missing or wrong."""
    from deputize.desk.context import open_desk
    from deputize.desk.trail import rebuild

    del arguments
    with open_desk() as desk:
        names = rebuild(desk)
    if output.json:
        output.document({"files": names})
        return 0
    for name in names:
        output.text(name)
    if not names:
        output.note("every file held what the journal says")
    return 0
