"""Print the log of a task's newest attempt: milestones, what the agent said and did.

With --worker, what a worker noted about itself, one that is gone too: what it began and how that
ended, and what went wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_task, whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize logs 12
  deputize logs --latest -f      # until the task has ended
  deputize logs 12 --attempt 1
  deputize logs --worker w1f2e3d4c -f   # until it has ended
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `logs` takes."""
    add_tasks(parser, several=False)
    parser.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="go on until the task has ended, retries too; or the worker",
    )
    parser.add_argument("--attempt", type=whole_number, metavar="N", help="this attempt's log")
    parser.add_argument("--worker", metavar="NAME", help="a worker's own log: see `workers`")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the log, or follow it."""
    from deputize.desk.context import open_desk
    from deputize.errors import InvalidInput

    if arguments.follow and output.json:
        raise InvalidInput("-f can't be printed as one JSON document", hint="leave out one of them")
    with open_desk() as desk:
        if arguments.worker is not None:
            _tell_of_worker(desk, arguments, output)
            return 0
        task_id = chosen_task(desk, arguments)
        if arguments.follow:
            _follow(desk, task_id, arguments.attempt, output)
        else:
            _print(desk, task_id, arguments.attempt, output)
    return 0


def _print(desk: Desk, task_id: int, number: int | None, output: Output) -> None:
    from deputize.desk.history import attempt_of
    from deputize.desk.logs import read, require_log
    from deputize.desk.tasks import view
    from deputize.errors import NotYet

    attempt = attempt_of(desk, task_id, number)
    if attempt is None:
        waiting = view(desk, task_id).waiting_for
        because = f": it waits for {waiting}" if waiting else ""
        raise NotYet(
            f"#{task_id} has had no attempt yet{because}",
            hint=f"`deputize logs {task_id} -f` waits for it",
        )
    require_log(desk, attempt)
    if output.json:
        lines = list(read(attempt))
        output.document({"task": task_id, "attempt": attempt.number, "lines": lines})
    else:
        output.lines(read(attempt))


def _follow(desk: Desk, task_id: int, number: int | None, output: Output) -> None:
    from deputize.desk.logs import follow
    from deputize.desk.tasks import view

    shown = None
    waiting = None
    for line in follow(desk, task_id, number):
        if line is None:
            output.flush()
            now = view(desk, task_id).waiting_for
            if now and now != waiting:
                output.note(f"#{task_id} waits for {now}")
            waiting = now
            continue
        if shown not in {None, line.attempt}:
            output.note(f"attempt {line.attempt}")
        shown = line.attempt
        output.text(line.text)


def _tell_of_worker(desk: Desk, arguments: Namespace, output: Output) -> None:
    from deputize.desk import worker_log
    from deputize.errors import InvalidInput

    if arguments.ids or arguments.latest or arguments.attempt:
        hint = "leave out --worker, or what names a task"
        raise InvalidInput("a worker's log is of no single task: give one or the other", hint=hint)
    worker = worker_log.find(desk, arguments.worker)
    if arguments.follow:
        for line in worker_log.follow(desk, worker.id):
            if line is None:
                output.flush()
            else:
                output.text(_note(line))
        return
    lines = list(worker_log.read(desk, worker.id))
    if output.json:
        output.document({"worker": worker.id, "lines": lines})
        return
    output.lines(map(_note, lines))
    if not lines:
        output.note(f"nothing of it is in {desk.home.logs}: it ran elsewhere, or that is gone")


def _note(line: dict[str, Any]) -> str:
    from deputize.log import for_people

    return for_people({name: value for name, value in line.items() if name != "worker"})
