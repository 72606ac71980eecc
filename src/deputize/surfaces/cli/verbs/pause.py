"""Start nothing more until `resume`; what runs goes on, what is queued waits.

Without a name it holds for everything. A worker that is running stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.pausing import add_gate_arguments, chosen_gate, told

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize pause
  deputize pause --provider anthropic --reason "the bill"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `pause` takes."""
    parser.add_argument("--reason", metavar="TEXT", help="why, for whoever looks")
    add_gate_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Close the gate and say how it is opened."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import gate_document
    from deputize.desk.pauses import pause

    with open_desk() as desk:
        gate = pause(desk, *chosen_gate(arguments), arguments.reason)
    if output.json:
        output.document(gate_document(gate))
    else:
        output.text(told(gate))
    return 0
