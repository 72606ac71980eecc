"""The board of `status`."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk import answers, choosing, documents, pauses, stations, tasks
from deputize.desk.logs import last_line
from deputize.desk.tasks import is_blocked
from deputize.model.activity import Doing
from deputize.surfaces.cli.activity import in_words
from deputize.surfaces.cli.output import bold, red, yellow
from deputize.surfaces.cli.pausing import told
from deputize.surfaces.cli.task_lines import ending
from deputize.surfaces.cli.times import ago

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.desk.tasks import TaskView
    from deputize.model.approval import Approval
    from deputize.model.barrier import Barrier
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.surfaces.cli.output import Output


class Board(NamedTuple):
    """What is open at one moment."""

    tasks: Sequence[TaskView]
    approvals: Sequence[Approval]
    workers: Sequence[tuple[Worker, bool]]
    barriers: Sequence[Barrier]
    busy: Mapping[str, int]
    """How many attempts each worker is at."""


def look(desk: Desk, wanted: Narrowing) -> Board:
    """Read the board, or that of it which is wanted; workers and what is closed always."""
    return Board(
        tasks=tasks.board(desk, wanted),
        approvals=answers.listing(desk, wanted._replace(state=None)),
        workers=stations.listing(desk),
        barriers=pauses.closed(desk),
        busy=stations.busy(desk),
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
        "running": [
            documents.activity_document(attempt, attempt.activity)
            for view in board.tasks
            for attempt in view.attempts
            if attempt.activity and attempt.finished_at is None
        ],
    }


def watch(desk: Desk, output: Output, every_seconds: int, wanted: Narrowing) -> None:
    """Draw the board whenever it is time, until none of its tasks is open; then tell their ends."""
    seen: dict[int, None] = {}
    while True:
        board = look(desk, wanted)
        output.clear()
        print_board(output, board)
        output.flush()
        seen |= dict.fromkeys(view.task.id for view in board.tasks)
        if not board.tasks:
            break
        time.sleep(every_seconds)
    _print_ends(output, choosing.by_ids(desk, list(seen)))


def _print_ends(output: Output, ended: Sequence[Task]) -> None:
    """Print how many tasks came to which end, and what went wrong with those that are not done."""
    counted = Counter[str](task.state for task in ended)
    if counted:
        output.text(bold("ended"), f": {_listed(counted)}")
    for task in ended:
        if task.state != "done":
            output.text("  ", *ending(task))


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
    _print_workers(output, board)
    _print_needs(output, board)


def _print_workers(output: Output, board: Board) -> None:
    """Print how each worker is: what it does, for which roles, and when it was heard of."""
    rows = []
    for worker, alive in board.workers:
        state = stations.state_of(worker, alive=alive)
        rows.append(
            (
                worker.id,
                state if alive else red(state),
                ", ".join(worker.roles) or "any role",
                f"{board.busy.get(worker.id, 0)} of {worker.slots} slots",
                f"heard of {ago(worker.seen_at)} ago",
            )
        )
    if rows:
        output.text()
        output.text(bold("workers"))
        output.table(rows, indent="  ")


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
    if not view.attempts:
        return ""
    attempt, now = view.attempts[-1], datetime.now(UTC)
    if attempt.activity and attempt.activity.doing(now) is not Doing.WORKING:
        return in_words(attempt.activity, now)
    return last_line(attempt) or ""


def _counts(board: Board) -> tuple[str, ...]:
    counted = _listed(Counter[str](view.task.state for view in board.tasks))
    alive = [worker for worker, is_alive in board.workers if is_alive]
    slots = sum(worker.slots for worker in alive)
    workers = f"{len(alive)} worker{'s' * (len(alive) != 1)} with {slots} slots" if alive else ""
    return (counted or "nothing is open", f" · {workers or 'no worker runs'}")


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counted.items())
