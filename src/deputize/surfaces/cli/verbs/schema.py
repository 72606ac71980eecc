"""Print the JSON Schema (draft 2020-12) of what comes in as JSON, and of the audit trail.

`plan` is what `deputize run` takes, `task` is one of its tasks, and `change` is a change request:
what an agent answers with that edits no files itself; `verdict` is what one answers that judges a
race. These accept and refuse the same documents as deputize, but for what takes a look
elsewhere: names of roles, agents, checks and tasks, circles of needs, sizes in bytes; of a change
request, names that stand for `.git`, and what a patch holds. `entry` is a line of the audit files
and of `deputize audit --events --format jsonl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize schema plan > plan.schema.json
  deputize schema task
  deputize schema change
  deputize schema verdict
  deputize schema entry
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `schema` takes."""
    choices = ("plan", "task", "change", "verdict", "entry")
    parser.add_argument("what", choices=choices, help="what to describe")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the schema."""
    from deputize.desk.plans import schema

    output.document(schema(arguments.what))
    return 0
