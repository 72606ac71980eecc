"""A look at what the migrations made: each on record, with its indexes and guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import FIX, About, Finding, fail, ok, warn
from deputize.store import structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk


def schema(desk: Desk) -> Iterator[Finding]:
    """Find migrations without a record, and indexes and guards that somebody took away."""
    unrecorded = structure.unrecorded(desk.database)
    if unrecorded:
        hint = "stop all workers and restore a backup, or copy it: `deputize store copy --to`"
        yield fail(About.SCHEMA, f"not on record: migration {', '.join(unrecorded)}", hint)
    lost = structure.missing(desk.database)
    for part in lost:
        yield _lost(desk, part)
    if not unrecorded and not lost:
        count = len(structure.wanted(desk.database))
        yield ok(About.SCHEMA, f"all {count} indexes and guards are there")


def _lost(desk: Desk, part: structure.Part) -> Finding:
    def mend() -> str:
        structure.restore(desk.database)
        return "made anew"

    if part.guards:
        text = f"{part.name} is gone, which keeps wrong rows out"
        return fail(About.SCHEMA, text, f"{FIX} makes it anew", mend)
    text = f"the index {part.name} is gone: answers take longer"
    return warn(About.SCHEMA, text, f"{FIX} makes it anew", mend)
