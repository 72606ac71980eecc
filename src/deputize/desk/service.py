"""A worker as a service of the user's own, so that work goes on after a reboot.

On Linux a systemd user unit (systemd.unit(5), systemd.service(5)), on macOS a launch agent
(launchd.plist(5)). The file names no secret: keys that agents need belong in their own settings.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.home import ensure
from deputize.config.variables import DATABASE
from deputize.errors import ConfigError
from deputize.store.opening import address_without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.config.home import Home

UNIT = "deputize.service"
LABEL = "deputize.worker"
STOP_SECONDS = 60
"""How long a worker may finish what it has when the session ends; then its tasks are taken over."""
COMMAND_SECONDS = 30
RELOAD = ("systemctl", "--user", "daemon-reload")
KEPT_VARIABLES = ("PATH", "COPILOT_CLI_PATH", "LANG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was written or removed, and how far the system was told of it."""

    file: Path
    left: tuple[str, ...]
    """The commands that were not carried out, in order: a person has to type them."""
    problem: str | None
    """Why the first of them was not."""
    hint: str | None = None


def install(home: Home) -> Done:
    """Write the service and start it; ConfigError where this system has no such services."""
    ensure(home.path)
    ensure(home.logs)
    file = service_file()
    environment = kept_environment(home)
    argv = (sys.executable, "-m", "deputize", "up")
    if sys.platform == "darwin":
        _write(file, launch_agent(argv, environment, home.logs / "service.out"))
        left, problem = _tell(("launchctl", "bootstrap", _domain(), str(file)))
        return Done(file=file, left=left, problem=problem)
    _write(file, unit(argv, environment).encode())
    left, problem = _tell(RELOAD, ("systemctl", "--user", "enable", "--now", UNIT))
    hint = "so that it runs without a login: `loginctl enable-linger`"
    return Done(file=file, left=left, problem=problem, hint=hint)


def uninstall() -> Done:
    """Stop the service and remove its file; ConfigError where there is none."""
    file = service_file()
    if not file.exists():
        raise ConfigError("no service is installed", hint="`deputize up --install` makes one")
    if sys.platform == "darwin":
        left, problem = _tell(("launchctl", "bootout", f"{_domain()}/{LABEL}"))
        file.unlink()
        return Done(file=file, left=left, problem=problem)
    left, problem = _tell(("systemctl", "--user", "disable", "--now", UNIT))
    file.unlink()
    if problem is None:
        left, problem = _tell(RELOAD)
    else:
        left += (" ".join(RELOAD),)
    return Done(file=file, left=left, problem=problem)


def service_file() -> Path:
    """Return where the service's file belongs; ConfigError on other systems."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    if sys.platform == "linux":
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(config) / "systemd" / "user" / UNIT
    raise ConfigError("this system has no services of the user", hint="run `deputize up --detach`")


def kept_environment(home: Home) -> dict[str, str]:
    """Return what the service needs of this environment: places, no secrets.

    Raises ConfigError where the address of the database holds one.
    """
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if os.environ.get(name)}
    address = address_without_secrets()
    if address is not None:
        kept[DATABASE] = address
    return {"DEPUTIZE_HOME": str(home.path), **kept}


def unit(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """Write a systemd user unit; a worker that ends cleanly (`deputize down`) stays down."""
    lines = [
        "[Unit]",
        "Description=deputize worker",
        "",
        "[Service]",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in environment.items()),
        f"ExecStart={' '.join(_quoted(word, dollar=True) for word in argv)}",
        "KillMode=mixed",
        f"TimeoutStopSec={STOP_SECONDS}",
        "Restart=on-failure",
        "RestartSec=5",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    return "\n".join(lines)


def launch_agent(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> bytes:
    """Write a launch agent; a worker that ends cleanly stays down."""
    content = {
        "Label": LABEL,
        "ProgramArguments": list(argv),
        "EnvironmentVariables": dict(environment),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ExitTimeOut": STOP_SECONDS,
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    return plistlib.dumps(content)


def _quoted(word: str, *, dollar: bool = False) -> str:
    """Quote as systemd.syntax(7) reads it; `%` is doubled, in a command line `$` too."""
    if any(character < " " for character in word):
        raise ConfigError(f"a service can't hold a control character: {word!r}")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + (escaped.replace("$", "$$") if dollar else escaped) + '"'


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}") from error


def _tell(*commands: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Run the commands up to the first that fails; return those that are left, and why."""
    for place, command in enumerate(commands):
        problem = _problem_of(command)
        if problem:
            return tuple(" ".join(each) for each in commands[place:]), problem
    return (), None


def _problem_of(command: tuple[str, ...]) -> str | None:
    if shutil.which(command[0]) is None:
        return f"there is no {command[0]} here"
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "it does not answer"
    words = ended.stderr.strip().splitlines()
    return (words[-1] if words else f"exit {ended.returncode}") if ended.returncode else None


def _domain() -> str:
    return f"gui/{os.getuid()}"
