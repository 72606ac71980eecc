"""How a task looks in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.output import Painted
from deputize.surfaces.cli.times import ago

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.desk.tasks import TaskView
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output, Part

_COLOURS = {
    "blocked": "2",
    "running": "36",
    "landing": "36",
    "done": "32",
    "failed": "31",
    "cancelled": "2",
    "landed": "32",
    "awaiting_approval": "33",
    "quarantined": "31",
    "rejected": "31",
}


def state_of(state: str) -> Part:
    """Return a state in its colour."""
    code = _COLOURS.get(state)
    return Painted(state, code) if code else str(state)


def headline(task: Task) -> tuple[Part, ...]:
    """Say id, state and title, such as `#12 queued: Fix the typo`."""
    return (f"#{task.id} ", state_of(task.state), f": {task.title}")


def ending(task: Task) -> tuple[Part, ...]:
    """Say how a task ended, with the reason where it did not go well."""
    because = why(task)
    return (*headline(task), f" ({because})" if because else "")


def why(task: Task) -> str:
    """Say why a task did not go well, as far as its state doesn't say it."""
    words = [str(task.reason or ""), " ".join((task.message or "").split())]
    return ": ".join(word for word in words if word and word != task.state)


def needs_in_words(needs: Iterable[tuple[int | str, str]]) -> str:
    """Say what is needed, as it is typed: `#1, #2:end`."""
    return ", ".join(
        (f"#{of}" if isinstance(of, int) else of) + ("" if on == "done" else f":{on}")
        for of, on in needs
    )


def print_failed(output: Output, views: Iterable[TaskView]) -> None:
    """Print tasks that have failed, one per line: how often they were tried, when, and why."""
    rows = [
        (
            f"#{view.task.id}",
            view.task.role,
            view.task.agent,
            str(sum(tried.number >= view.task.round_start for tried in view.attempts)),
            f"{ago(view.task.finished_at)} ago" if view.task.finished_at else "",
            view.task.title,
            why(view.task),
        )
        for view in views
    ]
    output.table(rows, ("ID", "ROLE", "AGENT", "TRIES", "FAILED", "TITLE", "WHY"))
    if rows:
        output.note("hint: `deputize retry` takes the same options, and --dry-run")


def print_tasks(output: Output, views: Iterable[TaskView]) -> None:
    """Print tasks, one per line, each with the reason why it isn't moving."""
    rows = [
        (
            f"#{view.task.id}",
            state_of(view.task.state),
            view.task.role,
            view.task.agent,
            ago(view.task.created_at),
            view.task.title,
            view.waiting_for or why(view.task),
        )
        for view in views
    ]
    titles = ("ID", "STATE", "ROLE", "AGENT", "AGE", "TITLE", "WHY")
    output.table(rows, titles)
