"""What the verbs share that move tasks on: cancel, retry, hold, release."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from deputize.surfaces.cli.arguments import (
    add_format,
    add_narrowing,
    add_tasks,
    chosen_ids,
    narrowing_of,
)
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.errors import UserError
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output

    Prepare = Callable[[Desk, Sequence[Task]], "Foreseen"]

MANY = 10
"""More tasks than that, chosen by what they have in common, are asked about on a terminal."""


class Foreseen(NamedTuple):
    """What moving tasks does to others."""

    frees: bool = False
    """Some of them may start."""
    concerns: bool = False
    """There are such others."""


class Verb(NamedTuple):
    """A verb that moves tasks."""

    name: str
    done: str
    """What tasks are then: `cancelled`."""
    choose: Callable[[Desk, Narrowing], list[Task]]
    """Which tasks it moves of those that are told by what they have in common."""
    move: Callable[[Desk, int], Task]
    prepare: Prepare | None = None
    """Says what becomes of others before the first task is moved."""
    needs_first: bool = False


def add_move_arguments(parser: ArgumentParser, what: str, since: str = "added") -> None:
    """Let a verb name tasks or tell what they have in common, and print them as JSON."""
    add_tasks(parser, several=True)
    add_narrowing(parser, what, role="of this role", since=since, limit=None)
    parser.add_argument("--dry-run", action="store_true", help="only say which tasks it would be")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    add_format(parser)


def carry_out(arguments: Namespace, output: Output, verb: Verb) -> int:
    """Move each task that was chosen, in a transaction of its own; return the exit code.

    What can't be moved is told, and keeps the others from nothing.
    """
    from deputize.desk.context import open_desk

    with open_desk() as desk:
        wanted = narrowing_of(arguments)
        chosen = _chosen(desk, arguments, wanted, verb)
        foreseen = verb.prepare(desk, chosen) if verb.prepare else Foreseen()
        if arguments.dry_run:
            _print(desk, chosen, output)
            return 0
        is_many = wanted.is_narrow and len(chosen) > MANY
        if (is_many or foreseen.concerns) and not (arguments.yes or output.json):
            _ask(output, verb, len(chosen) if is_many else None)
        moved, refused = _move(desk, chosen, output, verb, in_bulk=wanted.is_narrow)
        if foreseen.frees or any(not task.is_final and not task.held for task in moved):
            wake_up(desk, output)
        if output.json:
            _print(desk, moved, output)
    if wanted.is_narrow:
        _sum_up(output, verb, len(moved), len(refused))
    return _exit_code(refused, wanted)


def _chosen(desk: Desk, arguments: Namespace, wanted: Narrowing, verb: Verb) -> list[Task]:
    """Return the tasks that were named; or those with that in common that the verb can move."""
    from deputize.desk.choosing import by_ids
    from deputize.errors import InvalidInput

    if not wanted.is_narrow:
        if arguments.limit is not None:
            hint = "say which tasks besides, such as --role writer"
            raise InvalidInput("--limit alone chooses no tasks", hint=hint)
        ids = chosen_ids(desk, arguments)
        return by_ids(desk, sorted(ids) if verb.needs_first else ids)
    if arguments.ids or arguments.latest:
        hint = "leave out the ids, or options such as --plan"
        raise InvalidInput("tasks are told by ids or by options: give one or the other", hint=hint)
    return verb.choose(desk, wanted)


def _ask(output: Output, verb: Verb, count: int | None) -> None:
    """Ask a person who is there; Denied where the answer is no."""
    from deputize.errors import Denied

    if not sys.stdin.isatty():
        return
    output.flush()
    if not output.ask(f"{verb.name} {count} tasks?" if count else f"{verb.name}?"):
        raise Denied(f"nothing is {verb.done}: the answer was no")


def _move(
    desk: Desk, chosen: Sequence[Task], output: Output, verb: Verb, *, in_bulk: bool
) -> tuple[list[Task], list[UserError]]:
    from deputize.desk.choosing import by_ids
    from deputize.errors import UserError
    from deputize.surfaces.cli.diagnostics import tell
    from deputize.surfaces.cli.task_lines import headline

    moved: list[Task] = []
    refused: list[UserError] = []
    for before in chosen:
        try:
            (task,) = by_ids(desk, [before.id])
            # One that ended for want of another comes back with that one.
            came_back = before.is_final and not task.is_final
            task = task if came_back else verb.move(desk, task.id)
        except UserError as error:
            if len(chosen) == 1 and not in_bulk:
                raise
            refused.append(error)
            tell(error, output, json=output.json)
            continue
        moved.append(task)
        if not output.json:
            output.text(*headline(task), " (came back with its need)" if came_back else _fact(task))
    return moved, refused


def _print(desk: Desk, found: Sequence[Task], output: Output) -> None:
    from deputize.desk.documents import task_document
    from deputize.desk.tasks import views
    from deputize.surfaces.cli.task_lines import print_tasks

    shown = views(desk, [task.id for task in found])
    if output.json:
        output.document([task_document(view) for view in shown])
    else:
        print_tasks(output, shown)


def _sum_up(output: Output, verb: Verb, moved: int, refused: int) -> None:
    if not (moved or refused):
        output.note(f"nothing to {verb.name}: no such task")
    elif refused:
        output.note(f"{moved} {verb.done}, {refused} not")
    elif moved > MANY:
        output.note(f"{moved} {verb.done}")


def _exit_code(refused: Sequence[UserError], wanted: Narrowing) -> int:
    """Return 0 if all were moved; who named a task by its id has made a mistake, else not."""
    from deputize.surfaces.cli.diagnostics import FAILED, exit_code_of

    if not refused:
        return 0
    return FAILED if wanted.is_narrow else exit_code_of(refused[0])


def _fact(task: Task) -> str:
    if task.cancel_requested:
        return " (being stopped)"
    return " (held)" if task.held else ""
