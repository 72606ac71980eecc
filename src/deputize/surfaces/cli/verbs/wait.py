"""Wait until tasks have ended: exit 0 if all are done, 1 if one isn't, 75 if the time is over.

Of a plan whose tasks race, one has to be done. A task that is set going again while others are
waited for is waited for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_ids, plan_id, seconds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize wait 12 13
  deputize wait --plan p3 --timeout 2h
  deputize wait --latest --timeout 30m && git log -1
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `wait` takes."""
    add_tasks(parser, several=True)
    parser.add_argument("--plan", type=plan_id, metavar="ID", help="all tasks of a plan: p3 or 3")
    parser.add_argument("--timeout", type=seconds, metavar="SPAN", help="give up after 90, 10m, 2h")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Wait, and print how they ended."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.plans import is_raced
    from deputize.desk.tasks import views, wait
    from deputize.surfaces.cli.endings import exit_code_of, exit_code_of_race, print_ending

    with open_desk() as desk:
        is_race = arguments.plan is not None and is_raced(desk, arguments.plan)
        exit_code = exit_code_of_race if is_race else exit_code_of
        ended = wait(desk, _wanted(desk, arguments), arguments.timeout)
        if output.json:
            output.document(
                [task_document(view) for view in views(desk, [task.id for task in ended])]
            )
            return exit_code(ended)
    for task in ended:
        print_ending(task, output)
    return exit_code(ended)


def _wanted(desk: Desk, arguments: Namespace) -> list[int]:
    """Return the tasks that were named, or all of a plan."""
    from deputize.desk.plans import task_ids
    from deputize.errors import InvalidInput

    if arguments.plan is None:
        return chosen_ids(desk, arguments)
    if arguments.ids or arguments.latest:
        hint = "leave out --plan, or the ids"
        raise InvalidInput("--plan stands for its tasks: give one or the other", hint=hint)
    return task_ids(desk, arguments.plan)
