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

    from deputize.desk.context import Desk
    from deputize.model.plan import PlanSpec, SubmittedPlan
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
    from deputize.desk.documents import submitted_document
    from deputize.desk.plans import read, submit
    from deputize.surfaces.cli.plan_page import print_submitted
    from deputize.surfaces.cli.prompts import read_document

    output.quiet = arguments.quiet
    content, name = read_document(arguments.file)
    with open_desk() as desk:
        spec = read(desk, content, name, os.getcwd())  # noqa: PTH109 - as text: it may be odd
        submitted = submit(desk, spec, trial=arguments.dry_run)
        if output.json:
            output.document(submitted_document(submitted))
        elif arguments.quiet:
            output.text(f"p{submitted.plan.id}" if submitted.plan.id else "")
        else:
            print_submitted(output, submitted)
        if not (arguments.dry_run or arguments.no_start):
            _start(desk, submitted, output)
        _tell(spec, submitted, output)
    return 0


def _start(desk: Desk, submitted: SubmittedPlan, output: Output) -> None:
    """Start a worker where one is wanted: the plan is stored anyhow."""
    from deputize.desk.plans import start_for
    from deputize.errors import ProcessError

    try:
        if start_for(desk, [placed.task for placed in submitted.tasks]):
            output.note("a worker was started in the background")
    except ProcessError as error:
        output.warn(error.message, error.hint)


def _tell(spec: PlanSpec, submitted: SubmittedPlan, output: Output) -> None:
    from deputize.desk.uncommitted import finish_count, start_count
    from deputize.surfaces.cli.submissions import note_uncommitted, warn_of_trust

    warn_of_trust(output, untrusted=submitted.untrusted)
    if not submitted.created:
        output.note("this key was used before: it is the same plan")
        return
    places = {task.spec.repo: task.spec for task in spec.tasks}
    counts = [start_count(found) for found in places.values()]
    note_uncommitted(output, sum(map(finish_count, counts)), "its tasks start")
