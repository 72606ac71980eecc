"""List agents' conversations, newest first: `add --session` goes on in one of them.

A session's state and role are those of the task that used it last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions list
  deputize add "And now the tests" --session SESSION
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions list` takes."""
    add_narrowing(parser, "sessions", role="of tasks of this role", since="used")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the sessions, each once, with the attempt that used it last."""
    from deputize.desk.context import open_desk
    from deputize.desk.sessions import listing
    from deputize.surfaces.cli.times import ago

    with open_desk() as desk:
        found = listing(desk, narrowing_of(arguments))
    if output.json:
        names = ("session", "agent", "task", "number")
        output.document([{name: getattr(one, name) for name in names} for one in found])
        return 0
    rows = [
        (one.session or "", one.agent, f"#{one.task}", str(one.number), ago(one.started_at))
        for one in found
    ]
    output.table(rows, ("SESSION", "AGENT", "TASK", "ATTEMPT", "AGE"))
    return 0
