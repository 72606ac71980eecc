"""Programs that somebody installed: which are there, and which version their package says."""

from __future__ import annotations

import json
import os
import platform
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from pathlib import Path


MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
"""What npm calls the processors that Python calls so."""


def is_program(path: Path) -> bool:
    """Tell whether there is a file that may be executed."""
    return path.is_file() and os.access(path, os.X_OK)


def platform_name() -> str:
    """Return the name that packages of npm have for this system."""
    machine = MACHINES.get(platform.machine().lower(), platform.machine().lower())
    return f"{sys.platform}-{machine}"


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
