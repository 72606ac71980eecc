"""Say yes: the change goes on to its checks and lands, or the commands may run.

What is approved is exactly the tree that was asked about; if it changes, you are asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.answering import add_answer_arguments, answer_all

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize approve a3
  deputize approve 12            # where #12 asks one thing only
  deputize approve --latest
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `approve` takes."""
    add_answer_arguments(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Answer the questions; Denied where an agent is behind it."""
    from deputize.desk.answers import approve

    answer_all(arguments, output, approve)
    return 0
