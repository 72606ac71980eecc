"""Where the Copilot runtime is looked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deputize.agents.copilot.find import HOST, LIBRARY, PINNED_VERSION, find_copilot
from deputize.agents.installed import platform_name

if TYPE_CHECKING:
    from pathlib import Path


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def _host(folder: Path) -> Path:
    program = _program(folder / "prebuilds" / platform_name() / HOST)
    (program.parent / LIBRARY).write_bytes(b"library")
    return program


def _package(node_modules: Path, version: str) -> Path:
    program = _program(node_modules / "@github" / f"copilot-{platform_name()}" / "copilot")
    (program.parent / "package.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    return program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give an environment in which nothing is to be found."""
    (tmp_path / "bin").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


def test_nothing_is_found_where_nothing_is(environment: dict[str, str]) -> None:
    """Without a runtime it is said what to do."""
    found = find_copilot(None, environment)
    assert found.path is None
    assert "npm install" in (found.hint or "")


def test_places_are_searched_in_order(environment: dict[str, str], tmp_path: Path) -> None:
    """Config, COPILOT_CLI_PATH, PATH, npm's global folder, the SDK's download: the first counts."""
    folder = tmp_path / "home" / ".cache" / "github-copilot-sdk" / "cli" / PINNED_VERSION
    downloaded = _host(folder)
    assert find_copilot(None, environment).path == str(downloaded)
    environment["npm_config_prefix"] = str(tmp_path / "prefix")
    global_one = _package(tmp_path / "prefix" / "lib" / "node_modules", "1.0.99")
    assert find_copilot(None, environment).path == str(global_one)
    on_path = _program(tmp_path / "bin" / "copilot")
    assert find_copilot(None, environment).path == str(on_path)
    named = _program(tmp_path / "named" / "copilot")
    environment["COPILOT_CLI_PATH"] = str(named)
    assert find_copilot(None, environment).path == str(named)
    configured = _program(tmp_path / "configured" / "copilot")
    assert find_copilot(str(configured), environment).path == str(configured)


def test_a_wrong_path_is_not_passed_over(environment: dict[str, str], tmp_path: Path) -> None:
    """A configured path with nothing there is a problem, even where another runtime is."""
    _program(tmp_path / "bin" / "copilot")
    found = find_copilot(str(tmp_path / "nowhere"), environment)
    assert found.path is None
    assert "nowhere" in (found.problem or "")


def test_the_light_host_of_the_same_version_is_preferred(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The host that the found program has unpacked is taken, one of another version is not."""
    environment["npm_config_prefix"] = str(tmp_path / "prefix")
    program = _package(tmp_path / "prefix" / "lib" / "node_modules", "1.0.102")
    cache = tmp_path / "home" / ".cache" / "copilot" / "pkg" / platform_name()
    _host(cache / "1.0.101")
    assert find_copilot(None, environment).path == str(program)
    host = _host(cache / "1.0.102")
    assert find_copilot(None, environment).path == str(host)
    assert find_copilot(None, environment).version == "1.0.102"


def test_a_host_without_its_library_is_not_taken(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A half unpacked host can't work, so the program itself is used."""
    program = _program(tmp_path / "bin" / "copilot")
    environment["COPILOT_CACHE_HOME"] = str(tmp_path / "cache")
    folder = tmp_path / "cache" / "pkg" / platform_name() / PINNED_VERSION
    host = _host(folder)
    assert find_copilot(None, environment).path == str(host)
    (host.parent / LIBRARY).unlink()
    assert find_copilot(None, environment).path == str(program)


def test_a_folder_stands_for_the_host_in_it(environment: dict[str, str], tmp_path: Path) -> None:
    """A path to the folder of the light host is as good as one to the host."""
    host = _host(tmp_path / PINNED_VERSION)
    found = find_copilot(str(host.parent), environment)
    assert (found.path, found.version) == (str(host), PINNED_VERSION)


def test_the_program_behind_the_script_of_npm_is_found(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Where PATH leads to npm's starting script, the program that it starts is used."""
    modules = tmp_path / "lib" / "node_modules"
    script = _program(modules / "@github" / "copilot" / "npm-loader.js")
    program = _package(modules, "1.0.98")
    (tmp_path / "bin" / "copilot").symlink_to(script)
    found = find_copilot(None, environment)
    assert (found.path, found.version) == (str(program), "1.0.98")


def test_the_folder_we_are_in_is_not_searched(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that a repository brings along is not run."""
    _package(tmp_path / "repository" / "node_modules", PINNED_VERSION)
    monkeypatch.chdir(tmp_path / "repository")
    assert find_copilot(None, environment).path is None
