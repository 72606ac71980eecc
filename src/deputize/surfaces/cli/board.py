"""The board of `status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk import answers, documents, pauses, stations, tasks
from deputize.desk.logs import last_line
from deputize.desk.narrowing import Narrowing
from deputize.desk.tasks import is_blocked
from deputize.surfaces.cli.output import bold, yellow
from deputize.surfaces.cli.pausing import told
from deputize.surfaces.cli.times import ago

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.desk.context import Desk
    from deputize.desk.tasks import TaskView
    from deputize.model.approval import Approval
    from deputize.model.barrier import Barrier
    from deputize.model.worker import Worker
    from deputize.surfaces.cli.output import Output

MOST_TASKS = 500
"""More than that is no board."""


class Board(NamedTuple):
    """What is open at one moment."""

    tasks: Sequence[TaskView]
    approvals: Sequence[Approval]
    workers: Sequence[tuple[Worker, bool]]
    barriers: Sequence[Barrier]


def look(desk: Desk, plan: int | None = None) -> Board:
    """Read the board, or what of it belongs to a plan."""
    return Board(
        tasks=tasks.listing(desk, Narrowing(plan=plan, limit=MOST_TASKS)),
        approvals=answers.listing(desk, Narrowing(plan=plan)),
        workers=stations.listing(desk),
        barriers=pauses.closed(desk),
    )


def board_document(board: Board) -> dict[str, object]:
    """Make one JSON document of the board."""
    return {
        "workers": [
            documents.worker_document(worker, alive=alive) for worker, alive in board.workers
        ],
        "tasks": [documents.task_document(view) for view in board.tasks],
        "approvals": [documents.approval_document(approval) for approval in board.approvals],
        "closed": [documents.barrier_document(barrier) for barrier in board.barriers],
    }


def watch(desk: Desk, output: Output, every_seconds: int, plan: int | None = None) -> None:
    """Draw the board whenever it is time, until no task is open."""
    while True:
        board = look(desk, plan)
        output.clear()
        print_board(output, board)
        output.flush()
        if not board.tasks:
            return
        time.sleep(every_seconds)


def print_board(output: Output, board: Board) -> None:
    """Print the board for people."""
    output.text(*_counts(board))
    for barrier in board.barriers:
        output.text(yellow(told(barrier)))
    for title, states in (
        ("running", ("running",)),
        ("landing", ("landing",)),
        ("waiting", ("queued", "blocked")),
    ):
        views = [view for view in board.tasks if view.task.state in states]
        if views:
            output.text()
            output.text(bold(title))
            output.table([_row(view) for view in views], indent="  ")
    _print_needs(output, board)


def _print_needs(output: Output, board: Board) -> None:
    """Print what only a person can answer or mend."""
    rows = [(f"a{asked.id}", asked.subject, asked.reason) for asked in board.approvals]
    rows += [
        (f"#{view.task.id}", f"c{view.change.id} can't land", view.change.reason or "")
        for view in board.tasks
        if view.change and is_blocked(view)
    ]
    if rows:
        output.text()
        output.text(yellow("needs you"))
        output.table(rows, indent="  ")
    if board.approvals:
        output.note("hint: look with `deputize diff ID`, answer with `deputize approve` or `deny`")


def _row(view: TaskView) -> tuple[str, ...]:
    task = view.task
    since = ago(task.started_at if task.state == "running" and task.started_at else task.created_at)
    return f"#{task.id}", task.role, task.agent, since, task.title, _doing(view)


def _doing(view: TaskView) -> str:
    if view.waiting_for:
        return view.waiting_for
    return (last_line(view.attempts[-1]) or "") if view.attempts else ""


def _counts(board: Board) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for view in board.tasks:
        found[view.task.state] = found.get(view.task.state, 0) + 1
    counted = ", ".join(f"{count} {state}" for state, count in found.items())
    alive = [worker for worker, is_alive in board.workers if is_alive]
    slots = sum(worker.slots for worker in alive)
    workers = f"{len(alive)} worker{'s' * (len(alive) != 1)} with {slots} slots" if alive else ""
    return (counted or "nothing is open", f" · {workers or 'no worker runs'}")
