"""Name a new session of an agent that tasks can go on in; the first of them begins it.

Nothing is started: no agent keeps a conversation in which nothing was said. So this is for agents
that let others name their sessions; those that don't begin one with a task.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions init copilot
  deputize sessions init copilot --scratch --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions init` takes."""
    parser.add_argument("agent", metavar="AGENT", help="`deputize agents` lists them")
    where = parser.add_mutually_exclusive_group().add_argument
    where("--repo", metavar="PATH", help="the repository (default: the one above this folder)")
    where("--scratch", action="store_true", help="in no repository")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Store the session and print what it is called."""
    from deputize.desk.context import open_desk
    from deputize.desk.sessions import begin, document

    repo = None if arguments.scratch else arguments.repo or os.curdir
    with open_desk() as desk:
        session = begin(desk, arguments.agent, repo)
    if output.json:
        output.document(document(session))
    else:
        output.text(session.token)
        output.note(f'`deputize sessions resume {session.token} "…"` begins it')
    return 0
