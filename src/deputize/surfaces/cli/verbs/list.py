"""List tasks: what isn't final, oldest first; all, of a state or since a moment, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, past, plan_id, whole_number

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
    parser.add_argument("--state", help="only tasks in this state")
    parser.add_argument("--role", help="only tasks of this role")
    parser.add_argument("--plan", type=plan_id, metavar="ID", help="only tasks of a plan: p3 or 3")
    parser.add_argument(
        "--since", type=past, metavar="WHEN", help="added since: RFC 3339, or 2h ago"
    )
    parser.add_argument("--limit", type=whole_number, metavar="N", default=50, help="default: 50")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the tasks."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import listing
    from deputize.surfaces.cli.task_lines import print_tasks

    with open_desk() as desk:
        views = listing(
            desk,
            everything=arguments.all,
            state=arguments.state,
            role=arguments.role,
            plan=arguments.plan,
            since=arguments.since,
            limit=arguments.limit,
        )
    if output.json:
        output.document([task_document(view) for view in views])
        return 0
    print_tasks(output, views)
    if not views:
        output.note("nothing is open; `--all` shows what has ended")
    return 0
