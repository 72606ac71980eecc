"""Prove that nobody has changed, removed or inserted an entry of the audit trail.

Every sealed entry carries a hash over itself and the one before; the daily files must hold what the
journal says. Exit 1 names the first entry that does not fit, or the files that don't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.store.chain import Proof
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
    from deputize.desk.history import verify
    from deputize.desk.trail import file_problems

    del arguments
    with open_desk() as desk:
        proof = verify(desk)
        problems = [] if proof.problem else file_problems(desk)
    ok = not (proof.problem or problems)
    if output.json:
        output.document({"ok": ok, **_document(proof), "files": problems})
    else:
        _print(proof, problems, output)
    return 0 if ok else 1


def _document(proof: Proof) -> dict[str, object]:
    from deputize.desk.documents import event_document

    return {
        "count": proof.count,
        "unsealed_count": proof.unsealed_count,
        "problem": proof.problem,
        "broken": event_document(proof.broken) if proof.broken else None,
    }


def _print(proof: Proof, problems: list[str], output: Output) -> None:
    if proof.problem:
        output.text(f"broken after {proof.count} entries: {proof.problem}")
        return
    rest = f"{proof.unsealed_count} not sealed yet"
    output.text(f"{proof.count} entries in an unbroken chain, {rest}")
    for problem in problems:
        output.text(problem)
    if problems:
        output.note("hint: `deputize audit rebuild` writes the files again from the journal")
