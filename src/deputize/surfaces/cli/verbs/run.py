"""Queue a whole plan: tasks with what they need of each other, from one JSON document.

All of them are stored, in one transaction, or none: what is wrong names the task and the field.
`deputize schema plan` describes the document. Paths in it are relative to the current folder.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize run plan.json
  deputize run plan.json --dry-run
  make-plan | deputize run - --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `run` takes."""
    parser.add_argument("file", metavar="FILE", help="the plan; - reads stdin")
    parser.add_argument("--dry-run", action="store_true", help="check all of it, store nothing")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only the plan's id")
    parser.add_argument("--no-start", action="store_true", help="start no worker")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Queue the plan, or only check it."""
    from deputize.desk.context import open_desk
    from deputize.desk.plans import read, submit
    from deputize.surfaces.cli.plan_submissions import show, start, tell
    from deputize.surfaces.cli.prompts import read_document

    output.quiet = arguments.quiet
    content, name = read_document(arguments.file)
    with open_desk() as desk:
        spec = read(desk, content, name, os.getcwd())  # noqa: PTH109 - as text: it may be odd
        submitted = submit(desk, spec, trial=arguments.dry_run)
        show(output, submitted)
        if not (arguments.dry_run or arguments.no_start):
            start(desk, submitted, output)
        tell(spec, submitted, output)
    return 0
