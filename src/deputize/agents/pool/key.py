"""What tells shared programs apart, and what of an attempt's variables they may be given."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.workspace.processes.environment import ATTEMPT, OWN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping


def digest(*told: object) -> str:
    """Return one word for all that a program was started with, secrets too: nobody reads them."""
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def version_of(program: str) -> tuple[int, int, int]:
    """Tell a program from another that has taken its place since."""
    try:
        found = Path(program).stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def own(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that belong to one attempt."""
    return {name: value for name, value in environment.items() if name.startswith(OWN_PREFIX)}


def common(environment: Mapping[str, str], mark: str) -> dict[str, str]:
    """Return the variables that belong to no attempt alone, and the mark of the pool."""
    passed = {n: value for n, value in environment.items() if not n.startswith(OWN_PREFIX)}
    return {**passed, ATTEMPT: mark}
