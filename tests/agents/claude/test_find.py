"""Where Claude Code is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.agents.claude.find import find_claude

if TYPE_CHECKING:
    from pathlib import Path


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 9\n")
    path.chmod(0o755)
    return path


def test_config_names_it_before_anything_else(tmp_path: Path) -> None:
    """A path that config names counts; one that is not there is an error, not a reason to look."""
    named, other = _program(tmp_path / "mine" / "claude"), _program(tmp_path / "bin" / "claude")
    environment = {"PATH": str(other.parent), "HOME": str(tmp_path)}
    found = find_claude(str(named), environment)
    assert (found.path, found.how) == (str(named), "config")
    assert find_claude(None, environment).how == "PATH"
    gone = find_claude(str(tmp_path / "gone"), environment)
    assert gone.path is None
    assert "config names" in (gone.problem or "")


@pytest.mark.parametrize("place", [".local/bin/claude", ".claude/local/claude"])
def test_its_own_installers_places_are_known(tmp_path: Path, place: str) -> None:
    """It is found in a home though a service's PATH doesn't lead there."""
    program = _program(tmp_path / place)
    found = find_claude(None, {"PATH": "/nowhere", "HOME": str(tmp_path)})
    assert found.path == str(program)
    assert (found.how, found.version) == ("its own installer", None)


def test_the_version_is_read_not_asked(tmp_path: Path) -> None:
    """It is the file's name, as the installer writes it, or what npm's package says."""
    real = _program(tmp_path / "share" / "versions" / "2.1.329")
    link = tmp_path / "bin" / "claude"
    link.parent.mkdir()
    link.symlink_to(real)
    assert find_claude(None, {"PATH": str(link.parent)}).version == "2.1.329"
    package = tmp_path / "lib" / "claude-code"
    program = _program(package / "bin" / "claude")
    (package / "package.json").write_text('{"version": "2.2.0"}')
    assert find_claude(str(program), {}).version == "2.2.0"
    (package / "package.json").write_text('{"version": "\\u001b[31m"}')
    assert find_claude(str(program), {}).version is None


def test_what_is_not_there_has_a_hint(tmp_path: Path) -> None:
    """Where there is none, it says how to get one."""
    found = find_claude(None, {"PATH": "/nowhere", "HOME": str(tmp_path)})
    assert found.path is None
    assert "npm install" in (found.hint or "")
