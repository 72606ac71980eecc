"""A look at the journal: its chain is computed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import About, Finding, fail, ok
from deputize.desk.history import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk


def journal(desk: Desk) -> Iterator[Finding]:
    """Prove that nothing of the journal was changed or taken away."""
    proof = verify(desk)
    if proof.problem:
        hint = "somebody changed the audit trail; `deputize audit verify` names the entry"
        yield fail(About.JOURNAL, proof.problem, hint)
    else:
        rest = f", {proof.unsealed_count} not sealed yet" if proof.unsealed_count else ""
        yield ok(About.JOURNAL, f"{proof.count} entries in an unbroken chain{rest}")
