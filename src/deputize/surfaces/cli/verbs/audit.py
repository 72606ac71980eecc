"""The audit trail: who did what, when, oldest first.

`md` tells it task by task, for people; `jsonl` gives the entries themselves, one per line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, past, task_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.event import Entry
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize audit --task 12
  deputize audit --since 1d --format md > yesterday.md
  deputize audit --format jsonl | grep change.landed
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `audit` takes."""
    parser.add_argument("--task", type=task_id, metavar="ID", help="only this task's")
    parser.add_argument("--since", type=past, metavar="WHEN", help="RFC 3339, or 2h ago")
    add_format(parser, "jsonl", "md")


def run(arguments: Namespace, output: Output) -> int:
    """Print the entries in the format that is asked for."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import event_document
    from deputize.desk.trail import entries_of, markdown

    with open_desk() as desk:
        found = entries_of(desk, task=arguments.task, since=arguments.since)
        if arguments.format == "md":
            for text in markdown(desk, found):
                output.text(text)
        elif arguments.format == "jsonl":
            for entry in found:
                output.line_document(event_document(entry))
        elif output.json:
            output.document([event_document(entry) for entry in found])
        else:
            output.table([_row(entry) for entry in found], ("AT", "WHO", "WHAT", "ABOUT", ""))
    return 0


def _row(entry: Entry) -> tuple[Part, ...]:
    from deputize.surfaces.cli.times import local

    about = f"#{entry.task}" if entry.task else ""
    if entry.change:
        about += f" c{entry.change}"
    body = ", ".join(f"{name}: {value}" for name, value in entry.body.items() if value)
    return local(entry.at), entry.actor, entry.kind, about.strip(), body
