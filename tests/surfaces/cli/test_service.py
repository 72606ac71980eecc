"""`up --install`: a service that isn't enabled is no success."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.surfaces.cli.conftest import CommandLine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd's side of it")


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program called systemctl first on PATH that works; return it, to be broken."""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_a_service_that_is_enabled_is_a_success(deputize: CommandLine, systemctl: Path) -> None:
    """The file is named on stdout, both ways."""
    del systemctl
    installed = deputize("up", "--install")
    assert (installed.code, installed.out.endswith("/systemd/user/deputize.service\n")) == (0, True)
    assert "enable-linger" in installed.err
    removed = deputize("up", "--uninstall")
    assert (removed.code, removed.out, removed.err) == (0, installed.out, "")


def test_a_service_is_a_document(deputize: CommandLine, systemctl: Path) -> None:
    """With --json, a program learns where the file is and what is left to do."""
    installed = deputize("up", "--install", "--json").document
    assert installed["file"].endswith("/systemd/user/deputize.service")
    assert (installed["left"], installed["problem"]) == ([], None)
    systemctl.write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    removed = deputize("up", "--uninstall", "--json")
    assert (removed.code, removed.err) == (1, "")
    assert removed.document["left"][-1] == "systemctl --user daemon-reload"
    assert removed.document["problem"] == "no bus"


@pytest.mark.parametrize(
    ("way", "done", "left"),
    [
        ("--install", "enabled", ("daemon-reload", "enable --now deputize.service")),
        ("--uninstall", "stopped", ("disable --now deputize.service", "daemon-reload")),
    ],
)
def test_a_service_that_is_not_enabled_is_a_failure(
    deputize: CommandLine, systemctl: Path, way: str, done: str, left: tuple[str, ...]
) -> None:
    """Exit 1; each command that was not carried out is named, in order."""
    deputize("up", "--install")
    systemctl.write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    said = deputize("up", way)
    assert said.code == 1
    first, then = (f"`systemctl --user {each}`" for each in left)
    assert said.err.splitlines()[:2] == [
        f"warning: the service is not {done}: {first} did not work (no bus)",
        f"hint: {first}, then {then}",
    ]
