"""Print the folder in which a task's newest attempt works, while it is there.

A folder is removed once its work is kept in a commit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_tasks, chosen_task

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  cd "$(deputize open 12)"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `open` takes."""
    add_tasks(parser, several=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the folder; NotYet before the first attempt, NotFound once it is gone."""
    from deputize.desk.context import open_desk
    from deputize.desk.history import attempt_of
    from deputize.errors import NotFound, NotYet

    with open_desk() as desk:
        task_id = chosen_task(desk, arguments)
        attempt = attempt_of(desk, task_id)
    if attempt is None or (attempt.workspace is None and attempt.finished_at is None):
        raise NotYet(f"#{task_id} has no workspace yet", hint=f"`deputize show {task_id}` says why")
    if attempt.workspace is None or not Path(attempt.workspace).is_dir():
        hint = f"its work is kept: `deputize diff {task_id}`, `deputize show {task_id}`"
        raise NotFound(f"the workspace of #{task_id} was removed", hint=hint)
    if output.json:
        numbers = {"task": task_id, "attempt": attempt.number}
        output.document({**numbers, "workspace": attempt.workspace})
    else:
        output.text(attempt.workspace)
    return 0
