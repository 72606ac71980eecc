"""A look at workspaces: those that nobody knows, those that stay, and what killed processes left.

No fix here takes a workspace away: only upkeep may, which proves first that its work is safe.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import FIX, About, Finding, ok, warn
from deputize.desk.doctor.workers import see_to_it
from deputize.store import attempts
from deputize.workspace.worktree import empty_trash, litter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.desk.context import Desk
    from deputize.model.attempt import Attempt
    from deputize.store.database import Transaction

GRACE = timedelta(minutes=15)
"""How long an attempt is over before its workspace should be gone."""
_NAME = re.compile(r"(\d+)-(\d+)")


def workspaces(desk: Desk) -> Iterator[Finding]:
    """Look at each folder of workspaces, and at the attempt that it belongs to."""
    folders = [each for each in desk.home.workspaces.glob("*/[0-9]*-*") if each.is_dir()]
    found = [*_unknown(desk, folders), *_staying(desk), *_litter(desk)]
    yield from found
    if not found:
        yield ok(About.WORKSPACES, f"{len(folders)}, each of an attempt that is known")


def _unknown(desk: Desk, folders: list[Path]) -> Iterator[Finding]:
    with desk.database.read() as transaction:
        for folder in sorted(folders):
            name = _NAME.fullmatch(folder.name)
            if name and not _is_known(transaction, int(name[1]), int(name[2])):
                text = f"{folder} belongs to no attempt of this store"
                hint = "look whether you miss anything in it, then delete it yourself"
                yield warn(About.WORKSPACES, text, hint)


def _is_known(transaction: Transaction, task: int, number: int) -> bool:
    return any(attempt.number == number for attempt in attempts.of_task(transaction, task))


def _staying(desk: Desk) -> Iterator[Finding]:
    before = desk.clock.now() - GRACE
    with desk.database.read() as transaction:
        left = attempts.leftovers(transaction)
    for attempt in left:
        if attempt.finished_at and attempt.finished_at <= before and _is_here(desk, attempt):
            text = f"that of #{attempt.task}, attempt {attempt.number}, stays: {attempt.workspace}"
            log = desk.home.logs / "worker.log"
            hint = f"a worker takes it away once its work is safe: {FIX}; {log} says if it is not"
            yield warn(About.WORKSPACES, text, hint, lambda: see_to_it(desk))


def _is_here(desk: Desk, attempt: Attempt) -> bool:
    """Tell whether a workspace is one of this home: a store may be shared with others."""
    return str(attempt.workspace).startswith(f"{desk.home.workspaces.absolute()}/")


def _litter(desk: Desk) -> Iterator[Finding]:
    def mend() -> str:
        empty_trash(desk.home.workspaces)
        return "deleted"

    count = sum(map(len, litter(desk.home.workspaces)))
    if count:
        text = f"{count} that killed processes had begun to make or to delete"
        yield warn(About.WORKSPACES, text, f"the next worker deletes them, or {FIX}", mend)
