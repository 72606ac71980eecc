"""Prove that nobody has changed, removed or inserted an entry of the audit trail.

Every sealed entry carries a hash over itself and the one before; the daily files must hold what the
journal says. Exit 1 names the first entry that does not fit, or the files that don't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize audit verify
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `audit verify` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Recompute the chain and compare the files; return 1 if either is wrong."""
    from deputize.desk.context import open_desk
    from deputize.desk.trail import proof_document, verify

    del arguments
    with open_desk() as desk:
        proof, problems = verify(desk)
    if output.json:
        output.document(proof_document(proof, problems))
    elif proof.problem:
        output.text(f"broken after {proof.count} entries: {proof.problem}")
    else:
        rest = f"{proof.unsealed_count} not sealed yet"
        output.text(f"{proof.count} entries in an unbroken chain, {rest}")
        _print_problems(problems, output)
    return 1 if proof.problem or problems else 0


def _print_problems(problems: list[str], output: Output) -> None:
    for problem in problems:
        output.text(problem)
    if problems:
        output.note("hint: `deputize audit rebuild` writes the files again from the journal")
