"""Verbs about the store itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.store.backup import Backup, back_up

if TYPE_CHECKING:
    from deputize.desk.context import Desk


def backup(desk: Desk, file: str) -> Backup:
    """Back the store up to a new file; work goes on meanwhile."""
    return back_up(desk.database, Path(file).absolute(), desk.clock.now())
