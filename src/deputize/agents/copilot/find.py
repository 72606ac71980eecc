"""Where the Copilot runtime is: config, COPILOT_CLI_PATH, PATH, npm, the SDK's own download.

The program unpacks itself on its first start into a cache; in there is a light host that starts in
a tenth of the time. It is taken where it is of the very version of the program that was found.
A `node_modules` of the folder we happen to be in is never looked at: it may be anybody's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.base import Found
from deputize.agents.installed import is_program, platform_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PINNED_VERSION = "1.0.102"
"""The runtime that the pinned SDK is made for."""
HOST = "copilot-runtime"
LIBRARY = "runtime.node"
"""What the light host loads; without it beside, the host can't work."""
HINT = "npm install -g @github/copilot, or set `path` under [agents.copilot] in config.toml"


def find_copilot(path: str | None, environment: Mapping[str, str]) -> Found:
    """Look for the runtime in the order of the first line above; starts nothing."""
    if importlib.util.find_spec("copilot") is None:
        problem, hint = "the Copilot SDK is not installed", "pip install 'deputize[copilot]'"
        return Found(path=None, problem=problem, hint=hint)
    named = (("config", path), ("COPILOT_CLI_PATH", environment.get("COPILOT_CLI_PATH")))
    for how, wanted in named:
        if wanted:
            return _named(how, Path(wanted).expanduser(), environment)
    for how, program in _installed(environment):
        return _found(how, program, environment)
    return Found(path=None, problem="no Copilot runtime was found", hint=HINT)


def _named(how: str, program: Path, environment: Mapping[str, str]) -> Found:
    if program.is_dir():
        program /= HOST
    if is_program(program):
        return _found(how, program, environment)
    problem = f"there is no program {str(program)!r}, which {how} names"
    return Found(path=None, problem=problem, hint=HINT)


def _installed(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    search = environment.get("PATH", os.defpath)
    if on_path := shutil.which("copilot", path=search):
        yield "PATH", _native(Path(on_path))
    for folder in _npm_folders(search, environment):
        program = folder / "@github" / f"copilot-{platform_name()}" / "copilot"
        if is_program(program):
            yield "npm", program
    downloaded = _downloaded(environment)
    if _is_host(downloaded):
        yield "download", downloaded


def _found(how: str, program: Path, environment: Mapping[str, str]) -> Found:
    version = _version_of(program)
    if program.name != HOST:
        host = _light_host(version or PINNED_VERSION, environment)
        if _is_host(host):
            return Found(path=str(host), version=version or PINNED_VERSION, how=how)
    return Found(path=str(program), version=version, how=how)


def _native(program: Path) -> Path:
    """Return the program that npm's starting script would start, where it is that script."""
    real = program.resolve()
    name = f"copilot-{platform_name()}"
    for package in real.parents:
        if package.name != "copilot" or package.parent.name != "@github":
            continue
        places = (package.parent / name, package / "node_modules" / "@github" / name)
        return next((each / "copilot" for each in places if is_program(each / "copilot")), program)
    return program


def _npm_folders(search: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield where npm installs globally: asking npm itself takes longer than everything else."""
    for variable in ("npm_config_prefix", "NPM_CONFIG_PREFIX"):
        if prefix := environment.get(variable):
            yield Path(prefix) / "lib" / "node_modules"
    for program in ("npm", "node"):
        if place := shutil.which(program, path=search):
            yield Path(place).parent.parent / "lib" / "node_modules"
            yield Path(place).resolve().parent.parent / "lib" / "node_modules"


def _version_of(program: Path) -> str | None:
    """Return the version that the package, or the folder in the cache, says; starts nothing."""
    if program.name == HOST:
        folder = program.resolve().parents
        return folder[2].name if len(folder) > 2 and folder[1].name == "prebuilds" else None  # noqa: PLR2004 - VERSION/prebuilds/PLATFORM
    try:
        told = json.loads((program.resolve().parent / "package.json").read_bytes())
    except (OSError, ValueError):
        return None
    version = told.get("version") if isinstance(told, dict) else None
    return version if isinstance(version, str) else None


def _light_host(version: str, environment: Mapping[str, str]) -> Path:
    cache = environment.get("COPILOT_CACHE_HOME")
    folder = Path(cache) if cache else _cache_home(environment) / "copilot"
    name = platform_name()
    return folder / "pkg" / name / version / "prebuilds" / name / HOST


def _downloaded(environment: Mapping[str, str]) -> Path:
    folder = _cache_home(environment) / "github-copilot-sdk" / "cli" / PINNED_VERSION
    if extracted := environment.get("COPILOT_CLI_EXTRACT_DIR"):
        folder = Path(extracted)
    return folder / "prebuilds" / platform_name() / HOST


def _cache_home(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or Path.home())
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def _is_host(program: Path) -> bool:
    return is_program(program) and (program.parent / LIBRARY).is_file()
