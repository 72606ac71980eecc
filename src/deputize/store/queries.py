"""Named queries from the `.sql` files of this room."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_HEAD = re.compile(r"^-- name: (\w+)\n((?:--.*\n)*)", re.MULTILINE)


@cache
def query(name: str) -> str:
    """Return the text of the query `FILE.NAME`, such as `tasks.insert`; KeyError if none."""
    noun, _, short = name.partition(".")
    return _queries_of(noun)[short]


@cache
def _queries_of(noun: str) -> dict[str, str]:
    parts = _HEAD.split((_FOLDER / f"{noun}.sql").read_text(encoding="utf-8"))
    return {
        parts[index]: parts[index + 2].strip().removesuffix(";")
        for index in range(1, len(parts), 3)
    }
