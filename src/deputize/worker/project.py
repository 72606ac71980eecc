"""What a project's own files say of it, in a few lines for an agent. Pure but for the reading.

The files are the repository's, and so hostile: they become text in a prompt, of bounded length, and
nothing else.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from deputize.agents.vocabulary import one_line
from deputize.git.worktree import read_plain
from deputize.showing import shortened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AGENTS_FILE = "AGENTS.md"
FILE_BYTES = 256 * 1024
"""A larger file is not looked at."""
BLOCK_CHARACTERS = 2000
DESCRIPTION_CHARACTERS = 300
NAME_CHARACTERS = 60
MOST_SCRIPTS = 20
_READ_FIRST = f"- {AGENTS_FILE} says how to work here: read it first."


class About(NamedTuple):
    """What one file says of its project."""

    name: str = ""
    description: str = ""
    scripts: tuple[str, ...] = ()

    def line(self, file: str) -> str:
        """Put it into one line; nothing where there is nothing."""
        what = ": ".join(filter(None, (self.name, self.description)))
        scripts = f"scripts {', '.join(self.scripts[:MOST_SCRIPTS])}" if self.scripts else ""
        left = len(self.scripts) - MOST_SCRIPTS
        more = f" and {left} more" if left > 0 else ""
        said = "; ".join(filter(None, (what, scripts + more)))
        return f"- {file}: {said}" if said else ""


def about_project(workspace: Path, *, reads_agents_file: bool) -> str:
    """Say what the files in a workspace tell; nothing where they tell nothing.

    Of AGENTS.md only that it is there, to agents that don't read it by themselves.
    """
    lines = [_read(workspace, file, parse).line(file) for file, parse in FILES.items()]
    if not reads_agents_file and (workspace / AGENTS_FILE).is_file():
        lines.append(_READ_FIRST)
    told = "\n".join(filter(None, lines))
    return shortened(f"About this project:\n{told}", BLOCK_CHARACTERS) if told else ""


def _read(workspace: Path, file: str, parse: Callable[[str], About]) -> About:
    content = read_plain(workspace / file, FILE_BYTES)
    try:
        return About() if content is None else parse(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return About()


def in_pyproject(text: str) -> About:
    """Read the `[project]` table of a `pyproject.toml`; ValueError where it is no TOML."""
    project = _table(tomllib.loads(text), "project")
    return _about(project, _table(project, "scripts"))


def in_package_json(text: str) -> About:
    """Read a `package.json`; ValueError where it is no JSON."""
    found = json.loads(text)
    package = found if isinstance(found, dict) else {}
    return _about(package, _table(package, "scripts"))


FILES = {"pyproject.toml": in_pyproject, "package.json": in_package_json}


def _about(table: dict[str, Any], scripts: dict[str, Any]) -> About:
    return About(
        name=_line(table.get("name"), NAME_CHARACTERS),
        description=_line(table.get("description"), DESCRIPTION_CHARACTERS),
        scripts=tuple(filter(None, (_line(name, NAME_CHARACTERS) for name in scripts))),
    )


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _line(value: object, length: int) -> str:
    return one_line(value, length) if isinstance(value, str) else ""
