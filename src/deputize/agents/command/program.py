"""A command's program: where it is, how it ended."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

from deputize.agents.base import Found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOT_FOUND = 127
"""A shell's exit code for a program that isn't there."""
TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: a program that knows it is limited says so with this."""
UNLIMITED_BYTES = 1 << 62
HINT = "install it, or set `command` of this agent in config.toml to its full path"


def found_on_path(
    command: tuple[str, ...],
    environment: Mapping[str, str],
    cwd: Path | None = None,
    hint: str = HINT,
) -> Found:
    """Look for a command's program on the PATH of `environment`; one with a slash, from `cwd`."""
    program = command[0] if command else ""
    place = str(cwd / program) if cwd and os.sep in program else program
    path = shutil.which(place, path=environment.get("PATH", os.defpath)) if program else None
    if path is not None:
        return Found(path=path, how="config" if os.sep in program else "PATH")
    problem = f"program not found: {program!r}" if program else "no command is configured"
    return Found(path=None, problem=problem, hint=hint)


def ending(exit_code: int, killed_by: int | None) -> str:
    """Say how a program ended."""
    if killed_by is None:
        return f"ended with exit code {exit_code}"
    known = {each.value: each.name for each in signal.Signals}
    return f"was killed by {known.get(killed_by, f'signal {killed_by}')}"
