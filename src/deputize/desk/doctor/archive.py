"""A look at the archive: names and sizes, and whether anything should have gone there long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import About, Finding, fail, ok, warn
from deputize.desk.pruning import looked_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk


def archive(desk: Desk) -> Iterator[Finding]:
    """Look at what can be seen quickly."""
    found = looked_at(desk)
    for name in found.changed:
        hint = "put it back from a backup; `deputize audit verify` looks into each"
        yield fail(About.ARCHIVE, f"{name} has another size than when it was written", hint)
    for name in found.missing:
        hint = f"put it back into {desk.home.archive}"
        yield warn(About.ARCHIVE, f"{name} is missing", hint)
    for name in found.strangers:
        hint = "`deputize prune` removes it where all that is in it is still in the store"
        yield warn(About.ARCHIVE, f"{name} is not on record", hint)
    if found.overdue is not None:
        text = f"#{found.overdue} and maybe others are older than they are to be kept"
        yield warn(About.ARCHIVE, text, "workers prune by themselves; at once: `deputize prune`")
    elif not (found.changed or found.missing):
        yield ok(About.ARCHIVE, f"{found.count} files, all there" if found.count else "none yet")
