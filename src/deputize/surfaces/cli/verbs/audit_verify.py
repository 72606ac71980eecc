"""Prove that nobody has changed, removed or inserted an entry of the audit trail.

Every sealed entry carries a hash over itself and the one before; the daily files must hold what the
journal says. Where a beginning of the trail was archived, the chain is followed through the files
that are in `archive/`. Exit 1 names the first entry that does not fit, or the files that don't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.trail import Verified
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize audit verify
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `audit verify` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Recompute the chain and compare the files; return 1 if any is wrong."""
    from deputize.desk.context import open_desk
    from deputize.desk.trail import proof_document, verify

    del arguments
    with open_desk() as desk:
        verified = verify(desk)
    if output.json:
        output.document(proof_document(verified))
    else:
        _print(verified, output)
    return 0 if verified.ok else 1


def _print(verified: Verified, output: Output) -> None:
    proof, archives = verified.proof, verified.archives
    if proof.problem:
        output.text(f"broken after {proof.count} entries: {proof.problem}")
    else:
        rest = f"{proof.unsealed_count} not sealed yet"
        output.text(f"{proof.count} entries in an unbroken chain, {rest}")
    if proof.archived_count:
        whole = f"{len(archives.whole)} archive files whole, {len(archives.missing)} not here"
        output.text(f"{proof.archived_count} entries before them were archived: {whole}")
    for name in archives.missing:
        output.text(f"{name} is not here; what is in the store is proven without it")
    for problem in (*archives.problems, *verified.files):
        output.text(problem)
    if verified.files:
        output.note("hint: `deputize audit rebuild` writes the daily files again from the journal")
