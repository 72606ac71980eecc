"""Prove that nobody has changed, removed or inserted an entry of the audit trail.

Every sealed entry carries a hash over itself and the one before. Where the chain is broken, the
first entry that does not fit is named, and the exit code is 1.
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
    """Recompute the chain; return 1 if it is broken."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import event_document
    from deputize.desk.history import verify

    del arguments
    with open_desk() as desk:
        proof = verify(desk)
    if output.json:
        broken = event_document(proof.broken) if proof.broken else None
        counts = {"count": proof.count, "unsealed_count": proof.unsealed_count}
        output.document(
            {"ok": proof.problem is None, **counts, "problem": proof.problem, "broken": broken}
        )
    elif proof.problem:
        output.text(f"broken after {proof.count} entries: {proof.problem}")
    else:
        output.text(
            f"{proof.count} entries in an unbroken chain, {proof.unsealed_count} not sealed yet"
        )
    return 0 if proof.problem is None else 1
