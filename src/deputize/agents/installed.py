"""Programs that somebody installed: where config names one, and which version its package says."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from pathlib import Path


def is_program(path: Path) -> bool:
    """Tell whether there is a file that may be executed."""
    return path.is_file() and os.access(path, os.X_OK)


def missing(program: Path) -> str:
    """Say that config names a program that is not there."""
    return f"there is no program {str(program)!r}, which config names"


def version_in(files: Iterable[Path], pattern: re.Pattern[str]) -> str | None:
    """Return the version that the first of some package.json files says; starts nothing."""
    for file in files:
        try:
            told = json.loads(file.read_bytes())
        except (OSError, ValueError):
            continue
        version = told.get("version") if isinstance(told, dict) else None
        return version if isinstance(version, str) and pattern.fullmatch(version) else None
    return None
