"""Say yes: the change goes on to its checks and lands, the commands may run, the call is made.

What is approved is exactly the tree, or the tool call, that was asked about; if it changes, you are
asked again. `--for task` lets a task do whatever the same rule asks in the same words, `--for rule`
every task of the repository from now on.
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
  deputize approve a4 --for task
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `approve` takes."""
    add_answer_arguments(parser)
    parser.add_argument(
        "--for",
        dest="reach",
        choices=("once", "task", "rule"),
        help="how far a yes to a tool call goes (default: once, this call in this task)",
    )


def run(arguments: Namespace, output: Output) -> int:
    """Answer the questions; Denied where an agent is behind it."""
    from functools import partial

    from deputize.desk.answers import approve
    from deputize.model.approval import Reach

    reach = Reach(arguments.reach) if arguments.reach else None
    answer_all(arguments, output, partial(approve, reach=reach))
    return 0
