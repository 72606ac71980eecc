"""List tasks: what isn't final, oldest first; with --all, --state or --since the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize list
  deputize list --all --since 1d
  deputize list --state failed --json
  deputize list --plan p3 --all
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `list` takes."""
    parser.add_argument("--all", action="store_true", help="final tasks too")
    add_narrowing(parser, "tasks", role="of this role", since="added")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the tasks."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import listing
    from deputize.surfaces.cli.task_lines import print_tasks

    wanted = narrowing_of(arguments)
    with open_desk() as desk:
        views = listing(desk, wanted, everything=arguments.all)
    if output.json:
        output.document([task_document(view) for view in views])
        return 0
    print_tasks(output, views)
    if not (views or wanted.is_narrow):
        output.note("nothing is open; `deputize list --all` shows what has ended")
    return 0
