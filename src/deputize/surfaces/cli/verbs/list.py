"""List tasks: what isn't final, oldest first; by --all, --state or --since the newest first.

With --failed, what has failed and will not be tried again by itself: why, when, after how many
tries. Of tasks that have ended, --since means since their end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_ends, add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize list
  deputize list --all --since 1d
  deputize list --failed --since 1d --reason idle_timeout
  deputize list --label nightly --json
  deputize list --plan p3 --all
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `list` takes."""
    parser.add_argument("--all", action="store_true", help="final tasks too")
    add_ends(parser)
    add_narrowing(parser, "tasks", role="of this role", since="added (or ended)")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the tasks."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import listing
    from deputize.surfaces.cli.task_lines import print_failed, print_tasks

    wanted = narrowing_of(arguments)
    with open_desk() as desk:
        views = listing(desk, wanted, everything=arguments.all)
    if output.json:
        output.document([task_document(view) for view in views])
        return 0
    if wanted.state == "failed":
        print_failed(output, views)
    else:
        print_tasks(output, views)
    if not (views or wanted.is_narrow):
        output.note("nothing is open; `deputize list --all` shows what has ended")
    return 0
