"""Where Claude Code is: config, PATH, and the two places where its own installers put it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.base import Found
from deputize.agents.installed import is_program, missing, version_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAM = "claude"
OWN_PLACES = (".local/bin/claude", ".claude/local/claude")
HINT = "npm install -g @anthropic-ai/claude-code, or set `path` of the agent in config.toml"
VERSION = re.compile(r"\d+\.\d+\.\d+[\w.+-]{0,40}")


def find_claude(path: str | None, environment: Mapping[str, str]) -> Found:
    """Look for the program in the order of the first line above; starts nothing."""
    if path:
        program = Path(path).expanduser()
        if is_program(program):
            return _found("config", program)
        return Found(path=None, problem=missing(program), hint=HINT)
    for how, program in _installed(environment):
        return _found(how, program)
    return Found(path=None, problem="Claude Code was not found", hint=HINT)


def _installed(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if on_path := shutil.which(PROGRAM, path=environment.get("PATH", os.defpath)):
        yield "PATH", Path(on_path)
    home = Path(environment.get("HOME") or Path.home())
    for place in OWN_PLACES:
        if is_program(home / place):
            yield "its own installer", home / place


def _found(how: str, program: Path) -> Found:
    return Found(path=str(program), version=_version_of(program.resolve()), how=how)


def _version_of(program: Path) -> str | None:
    """Return the version that the file's name is, or that npm's package says; starts nothing."""
    if VERSION.fullmatch(program.name):
        return program.name
    folders = (program.parent, program.parent.parent)
    return version_in((folder / "package.json" for folder in folders), VERSION)
