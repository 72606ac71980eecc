"""The limits and budgets of a home's settings, as they stand when a task is to be taken."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from deputize.config.load import load_config

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.model.rules import Rules

SETTLED_SECONDS = 1.0
"""A file that was changed less long ago may be changed again without looking newer."""


def rules_in_force(settings: Path) -> Rules:
    """Return them; the file is read again only when it may have changed.

    Raises ConfigError where it is wrong.
    """
    stamp = _stamp(settings)
    return load_config(settings).rules if stamp is None else _read(settings, stamp)


def _stamp(settings: Path) -> tuple[int, int, int] | None:
    """Return what differs once the file does; None where nothing tells that."""
    try:
        facts = settings.stat()
    except OSError:
        return None
    if time.time() - facts.st_mtime < SETTLED_SECONDS:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


@lru_cache(maxsize=1)
def _read(settings: Path, stamp: tuple[int, int, int]) -> Rules:
    del stamp  # only tells the readings apart
    return load_config(settings).rules
