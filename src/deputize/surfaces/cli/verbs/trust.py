"""Show what a repository's own deputize.toml wants to run on this machine, and let it.

The file is read from the tip of the target branch, never from what an agent proposes. Exactly these
commands are trusted: when one changes, you are asked again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.answers import TrustView
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize trust
  deputize trust --yes           # in a script of your own
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `trust` takes."""
    parser.add_argument("--repo", metavar="PATH", help="default: the one above this folder")
    parser.add_argument("--target", metavar="BRANCH", help="default: the branch checked out")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Show and ask; return 4 where the answer is no."""
    from deputize.desk.answers import refuse_agents, trust, trust_view, withdraw_moot
    from deputize.desk.context import open_desk
    from deputize.errors import Denied

    with open_desk() as desk:
        refuse_agents(desk)
        shown = trust_view(desk, arguments.repo, arguments.target)
        _show(shown, output)
        if shown.commands and not shown.trusted:
            if not (arguments.yes or _asked(output)):
                raise Denied("nothing is trusted: the answer was no")
            trust(desk, shown)
            output.note("trusted: these commands may run")
            wake_up(desk, output)
        elif withdraw_moot(desk, shown):
            output.note("what was asked about other commands is withdrawn")
            wake_up(desk, output)
    if output.json:
        document = {"repository": shown.git_dir, "commands": shown.commands}
        output.document({**document, "digest": shown.digest, "trusted": True})
    return 0


def _show(shown: TrustView, output: Output) -> None:
    if output.json:
        return
    for command in shown.commands:
        output.text(command)
    if not shown.commands:
        output.note(f"{shown.folder} wants to run nothing")
    elif shown.trusted:
        output.note("trusted already")


def _asked(output: Output) -> bool:
    from deputize.errors import InvalidInput

    if not sys.stdin.isatty():
        raise InvalidInput("there is nobody to ask here", hint="`deputize trust --yes`")
    output.flush()
    return output.ask("let these commands run on this machine?")
