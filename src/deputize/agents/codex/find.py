"""Where Codex is: config, PATH, npm. The program itself, not npm's script that starts it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.base import Found
from deputize.agents.installed import is_program, missing, platform_name, version_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAM = "codex"
PACKAGE = ("@openai", "codex")
HINT = "npm install -g @openai/codex, or set `path` of the agent in config.toml"
VERSION = re.compile(r"\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[\w.]{0,20})?")


def find_codex(path: str | None, environment: Mapping[str, str]) -> Found:
    """Look for the program in the order of the first line above; starts nothing."""
    if path:
        program = Path(path).expanduser()
        if is_program(program):
            return _found("config", program)
        return Found(path=None, problem=missing(program), hint=HINT)
    on_path = shutil.which(PROGRAM, path=environment.get("PATH", os.defpath))
    if on_path is None:
        return Found(path=None, problem="Codex was not found", hint=HINT)
    return _found("PATH", Path(on_path))


def _found(how: str, program: Path) -> Found:
    native = next(_natives(program), program)
    # Absolute: it is started in the workspace.
    return Found(path=str(native.absolute()), version=_version_of(native), how=how)


def _natives(script: Path) -> Iterator[Path]:
    """Yield the programs of this platform that belong to npm's script.

    The script starts one of them as its child, and needs node for it.
    """
    package = script.resolve().parent.parent
    if package.parts[-2:] != PACKAGE:
        return
    name = f"codex-{platform_name()}"
    for folder in (package / "node_modules" / "@openai" / name, package.parent / name):
        yield from filter(is_program, sorted(folder.glob("vendor/*/bin/codex")))


def _version_of(program: Path) -> str | None:
    """Return the version that the package says; starts nothing."""
    real = program.resolve()
    names = ("codex-package.json", "package.json")
    return version_in((real.parent.parent / name for name in names), VERSION)
