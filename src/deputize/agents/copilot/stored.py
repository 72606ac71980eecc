"""Whether Copilot has stored a login on this machine, by what it writes down of itself.

Its `config.json` may hold comments, and tokens where no keychain is: only a name is taken from it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LAST_USER = re.compile(
    r'"last_?[Ll]ogged_?[Ii]n_?[Uu]ser"\s*:\s*\{[^{}]*?"login"\s*:\s*"([A-Za-z0-9_-]{1,64})"'
)


def stored_user(environment: Mapping[str, str]) -> str | None:
    """Return whose login Copilot says it has stored; whether it still holds is not known here."""
    folder = environment.get("COPILOT_HOME") or Path(environment.get("HOME", "~"), ".copilot")
    try:
        text = Path(folder, "config.json").expanduser().read_text("utf-8", "replace")
    except OSError:
        return None
    found = _LAST_USER.search(text)
    return found[1] if found else None
