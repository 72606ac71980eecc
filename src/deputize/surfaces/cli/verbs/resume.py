"""Let what was paused go on; it also opens what a provider's limit had closed.

Without a name it ends the pause of everything; pauses of a name stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.pausing import add_barrier_arguments, chosen_barrier, told
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize resume
  deputize resume --role writer
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `resume` takes."""
    add_barrier_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Open the barrier, and say what is closed still."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import barrier_document
    from deputize.desk.pauses import closed, resume

    kind, name = chosen_barrier(arguments)
    with open_desk() as desk:
        opened = resume(desk, kind, name)
        left = closed(desk)
        wake_up(desk, output)
    if output.json:
        output.document(
            {"opened": opened, "closed": [barrier_document(barrier) for barrier in left]}
        )
        return 0
    label = f"{kind} {name}" if name else "everything"
    output.text(f"{label} goes on" if opened else f"{label} was not paused")
    for barrier in left:
        output.note(f"still: {told(barrier)}")
    return 0
