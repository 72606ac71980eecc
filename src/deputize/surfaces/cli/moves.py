"""What the verbs share that move tasks on: cancel, retry, hold, release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_tasks, plan_id
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

    from deputize.desk.context import Desk
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output

    Move = Callable[[Desk, int], Task]
    Prepare = Callable[[Desk, Sequence[int]], bool]


_WAITING = frozenset({"blocked", "queued"})


def add_move_arguments(parser: ArgumentParser) -> None:
    """Let a verb name tasks, and print them as JSON afterwards."""
    add_tasks(parser, several=True)
    add_format(parser)


def add_plan_argument(parser: ArgumentParser, which: str, *, started: bool = False) -> None:
    """Let a verb name a plan, for those of its open tasks that it can move; some have `started`."""
    parser.set_defaults(started=started)
    parser.add_argument("--plan", type=plan_id, metavar="ID", help=f"{which} of a plan: p3 or 3")


def carry_out(
    arguments: Namespace, output: Output, move: Move, prepare: Prepare | None = None
) -> None:
    """Move each task that was named, and print where it stands then.

    `prepare` is told all of them before the first is moved, and tells whether others are set free.
    """
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import view
    from deputize.surfaces.cli.task_lines import headline

    moved = []
    with open_desk() as desk:
        chosen = _chosen(desk, arguments)
        frees = prepare(desk, chosen) if prepare else False
        for task_id in chosen:
            task = move(desk, task_id)
            moved.append(task)
            if not output.json:
                output.text(*headline(task), _fact(task))
        if frees or any(not task.is_final and not task.held for task in moved):
            wake_up(desk, output)
        if output.json:
            output.document([task_document(view(desk, task.id)) for task in moved])


def _chosen(desk: Desk, arguments: Namespace) -> list[int]:
    """Return the tasks that were named; of a plan, those that the verb can move."""
    from deputize.desk.plans import open_tasks
    from deputize.errors import InvalidInput

    plan = getattr(arguments, "plan", None)
    if plan is None:
        return chosen_tasks(desk, arguments)
    if arguments.ids or arguments.latest:
        raise InvalidInput("--plan stands for its tasks: give one or the other")
    found = open_tasks(desk, plan)
    return [task.id for task in found if arguments.started or task.state in _WAITING]


def _fact(task: Task) -> str:
    if task.cancel_requested:
        return " (being stopped)"
    return " (held)" if task.held else ""
