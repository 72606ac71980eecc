"""Change a task that has not started; what isn't named stays as it is.

Once an agent has begun, `cancel` it and `add` another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import (
    add_format,
    add_tasks,
    chosen_task,
    dollars,
    future,
    seconds,
    whole_number,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize edit 12 --priority 1
  deputize edit 12 --prompt "Fix both typos in README.md" --not-before 2h
"""
_FIELDS = (
    *("prompt", "title", "priority", "agent", "model", "timeout_seconds"),
    *("idle_timeout_seconds", "attempts", "not_before", "budget_tokens", "budget_usd"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `edit` takes."""
    add = parser.add_argument
    add("--prompt", help="what is to be done")
    add("--title", help="one line for lists")
    add("--priority", type=whole_number, metavar="N", help="1 critical … 10 background")
    add("--agent", help="who does it")
    add("--model", help="the model that the agent uses")
    add("--label", action="append", dest="labels", metavar="L", help="instead of those it has")
    add("--timeout", type=seconds, dest="timeout_seconds", metavar="SPAN", help="of one attempt")
    add("--idle-timeout", type=seconds, dest="idle_timeout_seconds", metavar="SPAN", help="silence")
    add("--attempts", type=whole_number, metavar="N", help="tries, the agent's failures included")
    add("--budget-tokens", type=whole_number, metavar="N", help="of all its attempts together")
    add("--budget-usd", type=dollars, metavar="USD", help="the same in dollars, such as 2.50")
    add("--not-before", type=future, metavar="WHEN", help="RFC 3339, or 10m, 2h from now")
    add_tasks(parser, several=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Change the task; InvalidInput where nothing is named."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import task_document
    from deputize.desk.editing import Edits, edit
    from deputize.desk.tasks import view
    from deputize.errors import InvalidInput
    from deputize.surfaces.cli.task_lines import headline

    labels = None if arguments.labels is None else tuple(dict.fromkeys(arguments.labels))
    edits = Edits(**{name: getattr(arguments, name) for name in _FIELDS}, labels=labels)
    if not edits.wanted:
        raise InvalidInput("nothing is to change", hint="name it, such as --priority 1")
    with open_desk() as desk:
        task = edit(desk, chosen_task(desk, arguments), edits)
        if output.json:
            output.document(task_document(view(desk, task.id)))
        else:
            output.text(*headline(task))
    return 0
