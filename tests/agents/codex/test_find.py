"""Where Codex is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deputize.agents.codex.find import find_codex
from deputize.agents.installed import platform_name

if TYPE_CHECKING:
    from pathlib import Path


def program_at(path: Path) -> Path:
    """Make a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_program_behind_npm_s_script_is_found(tmp_path: Path) -> None:
    """What npm puts on the PATH is a script for node; the program beside it needs none."""
    modules = tmp_path / "lib" / "node_modules" / "@openai"
    script = program_at(modules / "codex" / "bin" / "codex.js")
    vendor = modules / f"codex-{platform_name()}" / "vendor" / "any"
    native = program_at(vendor / "bin" / "codex")
    told = json.dumps({"version": "1.2.3"})
    (vendor / "codex-package.json").write_text(told, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "codex").symlink_to(script)
    found = find_codex(None, {"PATH": str(tmp_path / "bin")})
    assert (found.path, found.version, found.how) == (str(native), "1.2.3", "PATH")


def test_npm_s_script_is_taken_where_nothing_is_behind_it(tmp_path: Path) -> None:
    """Where the program itself isn't found, what is on the PATH is what there is."""
    script = program_at(tmp_path / "@openai" / "codex" / "bin" / "codex")
    assert find_codex(None, {"PATH": str(script.parent)}).path == str(script)


def test_config_goes_before_the_path(tmp_path: Path) -> None:
    """A program that config names is the one, even where another is on the PATH."""
    program_at(tmp_path / "bin" / "codex")
    own = program_at(tmp_path / "own")
    found = find_codex(str(own), {"PATH": str(tmp_path / "bin")})
    assert (found.path, found.how) == (str(own), "config")


def test_where_there_is_none_it_is_said_what_to_do(tmp_path: Path) -> None:
    """Both kinds of absence have a problem and a hint."""
    for path in (None, str(tmp_path / "none")):
        found = find_codex(path, {"PATH": str(tmp_path)})
        assert found.path is None
        assert found.problem
        assert "npm install" in (found.hint or "")
