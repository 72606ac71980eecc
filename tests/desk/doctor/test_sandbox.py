"""What is told of the sandbox that attempts get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.desk.doctor.finding import Level
from deputize.desk.doctor.sandbox import sandbox
from deputize.workspace.sandbox.bubblewrap import bubblewrap
from tests.fixtures.sandboxes import require_bubblewrap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.config.home import Home


@pytest.fixture
def none_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take bubblewrap off this machine, as far as PATH leads to it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    bubblewrap.cache_clear()
    yield
    monkeypatch.undo()
    bubblewrap.cache_clear()


def asking_for(home: Home, level: str) -> Home:
    """Return the home with settings that want a level."""
    home.path.mkdir(exist_ok=True)
    home.config.write_text(f"[sandbox]\nlevel = '{level}'\n")
    return home


@pytest.mark.parametrize("level", ["auto", "workspace"])
def test_the_sandbox_that_is_there_is_told_with_what_it_leaves_open(home: Home, level: str) -> None:
    """Nobody has to find out by trying."""
    require_bubblewrap()
    (found,) = sandbox(asking_for(home, level))
    assert found.level is Level.OK
    assert found.text.startswith("workspace (bubblewrap ")
    assert "the network is open" in found.text


@pytest.mark.usefixtures("none_here")
@pytest.mark.parametrize(
    ("wanted", "level"), [("auto", Level.WARN), ("workspace", Level.FAIL), ("off", Level.OK)]
)
def test_one_that_is_missing_is_told_by_how_much_it_is_wanted(
    home: Home, wanted: str, level: Level
) -> None:
    """Asked for, nothing works without it; who wants the best there is, is told how to get it."""
    (found,) = sandbox(asking_for(home, wanted))
    assert found.level is level
    assert ("bubblewrap is not installed" in found.text) is (level is not Level.OK)
    assert ("apt install bubblewrap" in (found.hint or "")) is (level is not Level.OK)
