"""What was told of a thread's usage: the program counts up over all turns, whoever ran them."""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING

from deputize.model.attempt import Usage, count_in

if TYPE_CHECKING:
    from pathlib import Path

THREAD = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{7,63}")
"""Ids of threads. They come from outside, and become a file's name and an argument."""
FOLDER = "told"
COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


class Told:
    """A file for each thread, in a folder that outlives the attempt, where there is one."""

    def __init__(self, state: Path | None) -> None:
        """Keep the files below `state`."""
        self._folder = None if state is None else state / FOLDER

    def before(self, thread: str) -> Usage | None:
        """Return what was told of a thread so far; None where that isn't known."""
        if self._folder is None:
            return None
        try:
            kept = json.loads((self._folder / f"{thread}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        counts = [kept.get(name) for name in COUNTS] if isinstance(kept, dict) else [None]
        if not all(isinstance(count, int) for count in counts):
            return None
        read, wrote, cached, reasoned = map(count_in, counts)
        return Usage(
            input_tokens=read,
            output_tokens=wrote,
            cached_tokens=cached,
            reasoning_tokens=reasoned,
        )

    def keep(self, thread: str, total: Usage) -> None:
        """Note that all of `total` has been told; raises OSError."""
        if self._folder is None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = self._folder / f"{thread}.{secrets.token_hex(4)}.new"
        written.write_text(json.dumps({name: getattr(total, name) for name in COUNTS}), "utf-8")
        written.replace(self._folder / f"{thread}.json")
