"""The rules that a worker goes by, as its home's settings change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from deputize.errors import ConfigError
from deputize.worker.rules import rules_in_force

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = 1_700_000_000


def written(folder: Path, text: str, *, at: int | None = None) -> Path:
    """Write settings, long ago or just now."""
    file = folder / "config.toml"
    file.write_text(text)
    if at is not None:
        os.utime(file, (at, at))
    return file


def roles(limit: int) -> str:
    """Return settings that let so many writers work at a time."""
    return f"[limits.roles]\nwriter = {limit}\n"


def test_a_change_is_seen(tmp_path: Path) -> None:
    """Whether the file is newer, older or of another size: what counts is that it differs."""
    before = rules_in_force(written(tmp_path, roles(1), at=LONG_AGO))
    assert rules_in_force(tmp_path / "config.toml") is before
    assert rules_in_force(written(tmp_path, roles(2), at=LONG_AGO + 60)) != before
    assert rules_in_force(written(tmp_path, roles(1), at=LONG_AGO)) == before


def test_changes_in_quick_succession_are_seen(tmp_path: Path) -> None:
    """Two that are as long and as new as each other are told apart: what is new is read."""
    seen = [rules_in_force(written(tmp_path, roles(limit))) for limit in (1, 2, 3)]
    assert len({repr(rules) for rules in seen}) == 3


def test_settings_that_are_not_there_set_none(tmp_path: Path) -> None:
    """No file, no limits."""
    assert not rules_in_force(tmp_path / "config.toml").limits.is_set


def test_wrong_settings_are_refused_each_time(tmp_path: Path) -> None:
    """An error is not remembered as an answer."""
    file = written(tmp_path, "[limits]\nnonsense = 1\n", at=LONG_AGO)
    for _ in range(2):
        with pytest.raises(ConfigError):
            rules_in_force(file)
    assert rules_in_force(written(tmp_path, roles(1), at=LONG_AGO + 60)).limits.is_set
