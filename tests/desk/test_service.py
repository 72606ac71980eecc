"""The service files, and what is done to start them."""

from __future__ import annotations

import plistlib
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.desk import service
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home

ARGV = ("/opt/my python/bin/python", "-m", "deputize", "up")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd's side of it")


def fake_systemctl(folder: Path, exit_code: int) -> Path:
    """Put a program called systemctl in a folder, that notes how it is called."""
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {folder}/calls\necho no bus >&2\nexit {exit_code}\n'
    )
    program.chmod(0o755)
    return folder / "calls"


def test_a_unit_quotes_what_it_holds() -> None:
    """Spaces, quotes, per cent and dollar signs reach the program as they are."""
    text = service.unit(ARGV, {"DEPUTIZE_HOME": '/a b/100%/"$x"'})
    assert 'ExecStart="/opt/my python/bin/python" "-m" "deputize" "up"\n' in text
    assert 'Environment="DEPUTIZE_HOME=/a b/100%%/\\"$x\\""\n' in text
    assert "Restart=on-failure\n" in text
    assert "WantedBy=default.target\n" in text
    assert 'ExecStart="$$x"' in service.unit(("$x",), {})
    with pytest.raises(ConfigError, match="control character"):
        service.unit(ARGV, {"PATH": "a\nExecStart=evil"})


def test_a_launch_agent_is_a_plist(tmp_path: Path) -> None:
    """It starts at login, comes back after a crash, and stays down after `down`."""
    content = plistlib.loads(service.launch_agent(ARGV, {"PATH": "/bin"}, tmp_path / "log"))
    assert content["ProgramArguments"] == list(ARGV)
    assert content["RunAtLoad"] is True
    assert content["KeepAlive"] == {"SuccessfulExit": False}
    assert content["EnvironmentVariables"] == {"PATH": "/bin"}


def test_install_and_uninstall(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit is written with no secret in it, enabled, and taken away again."""
    calls = fake_systemctl(tmp_path / "bin", 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abcdefghijklmnopqrstuvwxyz")
    done = service.install(home)
    assert done.file == tmp_path / "config" / "systemd" / "user" / "deputize.service"
    text = done.file.read_text()
    assert f"DEPUTIZE_HOME={home.path}" in text
    assert "sk-" not in text
    assert calls.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable --now deputize.service",
    ]
    assert (done.left, done.problem) == ((), None)
    assert "enable-linger" in (done.hint or "")
    assert service.uninstall().left == ()
    assert not done.file.exists()
    assert "--user disable --now deputize.service" in calls.read_text()
    with pytest.raises(ConfigError, match="no service is installed"):
        service.uninstall()


@pytest.mark.parametrize("there", [True, False])
def test_where_systemd_does_not_answer_every_command_is_told(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: bool,  # noqa: FBT001 - a case
) -> None:
    """The file stays, and all that has to be typed by hand is named in order, with the reason."""
    if there:
        fake_systemctl(tmp_path / "bin", 1)
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + (":/bin" if there else ""))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    done = service.install(home)
    assert done.file.exists()
    assert done.problem == ("no bus" if there else "there is no systemctl here")
    assert done.left == (
        "systemctl --user daemon-reload",
        "systemctl --user enable --now deputize.service",
    )
    gone = service.uninstall()
    assert not gone.file.exists()
    assert gone.problem == done.problem
    assert gone.left == (
        "systemctl --user disable --now deputize.service",
        "systemctl --user daemon-reload",
    )


def test_a_service_works_on_the_shared_store(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address goes with it, unless a password is in it: a file that is kept holds none."""
    monkeypatch.setenv("DEPUTIZE_DATABASE", "postgresql://ada@h/x")
    assert service.kept_environment(home)["DEPUTIZE_DATABASE"] == "postgresql://ada@h/x"
    monkeypatch.setenv("DEPUTIZE_DATABASE", "postgresql://ada:s3cr3t@h/x")
    with pytest.raises(ConfigError, match="holds a password") as caught:
        service.kept_environment(home)
    assert "pgpass" in str(caught.value.hint)
