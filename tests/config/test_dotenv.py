"""Variables of the environment, and below them those of home's `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.dotenv import read_variables
from deputize.config.home import Home
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home."""
    return Home(tmp_path)


def write(home: Home, text: str | bytes, mode: int = 0o600) -> None:
    """Write the home's `.env`."""
    home.variables.write_bytes(text.encode() if isinstance(text, str) else text)
    home.variables.chmod(mode)


def test_the_environment_goes_before_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a value came from can be told; an empty variable switches the file's one off."""
    write(home, "GH_TOKEN=of-the-file\nGITHUB_TOKEN=of-the-file\nOTHER=of-the-file\n")
    monkeypatch.setenv("GH_TOKEN", "ours")
    monkeypatch.setenv("OTHER", "")
    found = read_variables(home)
    assert (found.get("GH_TOKEN"), found.place("GH_TOKEN")) == ("ours", "the environment")
    assert found.get("GITHUB_TOKEN") == "of-the-file"
    assert found.place("GITHUB_TOKEN") == str(home.path / ".env")
    assert (found.get("OTHER"), found.place("OTHER")) == (None, None)
    assert "of-the-file" not in repr(found)


def test_lines_are_read_as_elsewhere(home: Home) -> None:
    """Comments, quotes and `export` mean what they do in other such files; `$` means nothing."""
    write(home, "# a\nexport A=1 # b\nB='x y'\nC=\"x\\ny\"\nD=$A\nE\nF=\n")
    found = read_variables(home).file
    assert found == {"A": "1", "B": "x y", "C": "x\ny", "D": "$A", "E": "", "F": ""}


def test_without_a_file_the_environment_is_all(home: Home) -> None:
    """No file is no problem."""
    assert read_variables(home).file == {}


def test_no_other_file_is_read(
    home: Home, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in the folder somebody is in may be anybody's."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / ".env").write_text("COPILOT_BYOK_BASE_URL=http://evil.example\n")
    (folder / ".env").chmod(0o600)
    monkeypatch.chdir(folder)
    assert read_variables(home).get("COPILOT_BYOK_BASE_URL") is None


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("GH_TOKEN=hush\n", 0o644, "others may read"),
        ("A=1\nGH TOKEN 'hush\n", 0o600, "line 2: not a variable"),
        ("A=1\nDEPUTIZE_LANDING__MODE=hush\n", 0o600, "line 2: DEPUTIZE_LANDING__MODE"),
        (b"A=\xffhush\n", 0o600, "not valid UTF-8"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    home: Home, text: str | bytes, mode: int, words: str
) -> None:
    """The error names file and line, and what to do, but nothing of what the line says."""
    write(home, text, mode)
    with pytest.raises(ConfigError) as caught:
        read_variables(home)
    assert words in caught.value.message
    assert str(home.variables) in caught.value.message
    assert caught.value.hint
    assert "hush" not in f"{caught.value.message}{caught.value.hint}"
