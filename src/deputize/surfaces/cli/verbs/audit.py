"""The audit trail: who did what, when, oldest first.

As text it is the journal, an event per line. `md`, `jsonl` and `json` give a record of each attempt
that ended: what it was told, by whom it was done, what came of it; or, with --events, the events.
With --task, `md` goes on with the whole story of the task, step by step.
Tool calls that the gate let pass, and how they ended, are among the events with --events only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deputize.surfaces.cli.arguments import add_format, past, task_id, whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.model.event import Entry
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize audit --task 12
  deputize audit --limit 20
  deputize audit --since 1d --format md > yesterday.md
  deputize audit --events --format jsonl | grep change.landed
"""
LONGEST = 200
"""How many characters of a text stand in the line of an event."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `audit` takes."""
    parser.add_argument("--task", type=task_id, metavar="ID", help="only this task's")
    parser.add_argument("--since", type=past, metavar="WHEN", help="RFC 3339, or 2h ago")
    parser.add_argument("--limit", type=whole_number, metavar="N", help="only the last N")
    parser.add_argument("--events", action="store_true", help="all events themselves")
    add_format(parser, "jsonl", "md")


def run(arguments: Namespace, output: Output) -> int:
    """Print the trail in the format that is asked for."""
    from deputize.desk.context import open_desk
    from deputize.errors import InvalidInput

    if arguments.events and arguments.format == "md":
        raise InvalidInput("events have no Markdown", hint="leave out --events, or use jsonl")
    with open_desk() as desk:
        if arguments.format == "text":
            _print_events(desk, arguments, output)
        elif arguments.format == "md":
            _print_markdown(desk, arguments, output)
        else:
            _print_documents(desk, arguments, output)
    return 0


def _print_events(desk: Desk, arguments: Namespace, output: Output) -> None:
    from deputize.desk.trail import entries_of

    found = entries_of(desk, **_wanted(arguments), routine=arguments.events)
    output.table([_row(entry) for entry in found], ("AT", "WHO", "WHAT", "ABOUT", ""))


def _print_markdown(desk: Desk, arguments: Namespace, output: Output) -> None:
    from deputize.desk.trail import entries_of, markdown, records_of

    wanted = _wanted(arguments)
    found = records_of(desk, **wanted)
    happened = None if arguments.task is None else entries_of(desk, **wanted)
    output.text(markdown(found, happened).rstrip("\n"))


def _print_documents(desk: Desk, arguments: Namespace, output: Output) -> None:
    from deputize.desk.documents import event_document
    from deputize.desk.trail import entries_of, record_document, records_of

    wanted = _wanted(arguments)
    if arguments.events:
        documents = map(event_document, entries_of(desk, **wanted))
    else:
        documents = map(record_document, records_of(desk, **wanted))
    if output.json:
        output.document(list(documents))
        return
    for document in documents:
        output.line_document(document)


def _wanted(arguments: Namespace) -> dict[str, Any]:
    return {"task": arguments.task, "since": arguments.since, "limit": arguments.limit}


def _row(entry: Entry) -> tuple[Part, ...]:
    from deputize.surfaces.cli.times import local

    about = [f"#{entry.task}" if entry.task else "", f"c{entry.change}" if entry.change else ""]
    body = ", ".join(f"{name}: {_short(value)}" for name, value in entry.body.items() if value)
    return local(entry.at), entry.actor, entry.kind, " ".join(filter(None, about)), body


def _short(value: object) -> str:
    """Cut what stands in a line."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
