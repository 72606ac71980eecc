"""Forget a session, and delete what is kept of it in deputize's home.

What an agent keeps of its own accord, as Copilot does with a login that it has stored, is left to
it. A session that an open task uses stays. With --stale: all in which nothing has happened for as
long as `retention.sessions_seconds` says; workers do that by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format
from deputize.surfaces.cli.sessions import add_token

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.model.session import Session
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions destroy SESSION
  deputize sessions destroy --stale
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions destroy` takes."""
    add_token(parser, optional=True)
    parser.add_argument("--stale", action="store_true", help="all that were not used for long")
    parser.add_argument("--agent", metavar="NAME", help="whose, where several have such a session")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Forget what was named, and print it."""
    from deputize.desk.context import open_desk
    from deputize.desk.sessions import document

    with open_desk() as desk:
        gone = _destroyed(desk, arguments)
    if output.json:
        output.document([document(one) for one in gone])
    else:
        output.lines(f"forgotten: {one.token} of {one.agent}" for one in gone)
        if not gone:
            output.note("no session is stale")
    return 0


def _destroyed(desk: Desk, arguments: Namespace) -> list[Session]:
    from deputize.desk.sessions import destroy, destroy_stale
    from deputize.errors import InvalidInput

    if arguments.stale == (arguments.session is not None):
        hint = "deputize sessions destroy TOKEN, or --stale"
        raise InvalidInput("name one session, or --stale", hint=hint)
    if arguments.stale:
        return destroy_stale(desk)
    return [destroy(desk, arguments.session, arguments.agent)]
