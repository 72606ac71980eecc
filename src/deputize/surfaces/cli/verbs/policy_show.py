"""Show what agents may do: the profile, and every rule that holds.

Without `--task` it is what would hold for a new task of this folder's repository.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format
from deputize.surfaces.cli.policies import add_subject, standing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize policy show
  deputize policy show --task 12
  deputize policy show --role inspector --agent codex --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `policy show` takes."""
    add_subject(parser)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the policy."""
    from deputize.desk.policy import standing_document
    from deputize.surfaces.cli.policies import print_standing

    standing = standing_of(arguments)
    if output.json:
        output.document(standing_document(standing))
    else:
        print_standing(output, standing)
    return 0
