"""Say no: the change is rejected and its task fails, or the commands stay untrusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.answering import add_answer_arguments, answer_all

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize deny a3 --reason "leave the workflow files alone"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `deny` takes."""
    add_answer_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Answer the questions; Denied where an agent is behind it."""
    from deputize.desk.answers import deny

    answer_all(arguments, output, deny)
    return 0
