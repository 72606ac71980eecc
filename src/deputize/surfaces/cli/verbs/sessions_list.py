"""List agents' conversations, newest first: `add --session` goes on in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.attempt import Attempt
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions list
  deputize add "And now the tests" --session SESSION
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions list` takes."""
    parser.add_argument(
        "--limit", type=whole_number, metavar="N", default=50, help="tasks to look at (default: 50)"
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the sessions, each once, with the attempt that used it last."""
    from deputize.desk.context import open_desk
    from deputize.desk.tasks import listing
    from deputize.surfaces.cli.times import ago

    with open_desk() as desk:
        views = listing(desk, everything=True, limit=arguments.limit)
    found: dict[tuple[str, str], Attempt] = {}
    for view in views:
        for attempt in reversed(view.attempts):
            if attempt.session:
                found.setdefault((attempt.agent, attempt.session), attempt)
    if output.json:
        names = ("session", "agent", "task", "number")
        output.document([{name: getattr(one, name) for name in names} for one in found.values()])
        return 0
    rows = [
        (one.session or "", one.agent, f"#{one.task}", str(one.number), ago(one.started_at))
        for one in found.values()
    ]
    output.table(rows, ("SESSION", "AGENT", "TASK", "ATTEMPT", "AGE"))
    return 0
