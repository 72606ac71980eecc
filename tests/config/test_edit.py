"""Writing a provider into config.toml."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from deputize.config.edit import write_provider
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WORK = {"type": "openai", "base_url": "https://a/v1", "key_file": "keys/work"}
MINE = """\
# what I use
default_agent = "copilot"  # for now

[providers.old]   # from before
type = "ollama"
base_url = "http://localhost:1/v1"

[agents.copilot]  # after it
model = 'm'
"""


def test_everything_else_stays_as_it_is(tmp_path: Path) -> None:
    """Comments, order, quotes and the file's own rights stay; the table stands with its like."""
    file = tmp_path / "config.toml"
    file.write_text(MINE)
    file.chmod(0o640)
    write_provider(file, "work", WORK)
    text = file.read_text()
    assert [line for line in MINE.splitlines() if line not in text.splitlines()] == []
    assert text.index("[providers.old]") < text.index("[providers.work]")
    assert text.index("[providers.work]") < text.index("[agents.copilot]")
    assert tomllib.loads(text)["providers"]["work"] == WORK
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    """For its owner alone, with the folder."""
    file = tmp_path / "home" / "config.toml"
    write_provider(file, "work", WORK)
    assert tomllib.loads(file.read_text()) == {"providers": {"work": WORK}}
    assert file.stat().st_mode & 0o777 == 0o600


def test_one_of_that_name_is_written_anew(tmp_path: Path) -> None:
    """What it said before is gone, and nothing else."""
    file = tmp_path / "config.toml"
    file.write_text(MINE)
    write_provider(file, "old", WORK)
    found = tomllib.loads(file.read_text())
    assert found["providers"] == {"old": WORK}
    assert found["agents"] == {"copilot": {"model": "m"}}


def test_a_file_that_is_linked_to_stays_where_it_is(tmp_path: Path) -> None:
    """Who keeps settings elsewhere finds them changed there."""
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "deputize.toml", tmp_path / "config.toml"
    real.write_text(MINE)
    link.symlink_to(real)
    write_provider(link, "work", WORK)
    assert link.is_symlink()
    assert "[providers.work]" in real.read_text()


@pytest.mark.parametrize(
    ("text", "table", "words"),
    [
        ("providers = { a = { type = 'ollama', base_url = 'http://b' } }\n", WORK, "no other"),
        ("nonsense = 1\n", WORK, "unknown key `nonsense`"),
        ("", {"type": "openai"}, "`providers.work.base_url` is missing"),
        ("", WORK | {"key_variable": "V"}, "names its key twice"),
        ("", {**WORK, "key_file": "k", "type": "odd"}, "must be"),
    ],
)
def test_what_would_not_be_right_is_not_written(
    tmp_path: Path, text: str, table: dict[str, str], words: str
) -> None:
    """The file stays as it was, byte for byte, and nothing lies beside it."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        write_provider(file, "work", table)
    assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]
