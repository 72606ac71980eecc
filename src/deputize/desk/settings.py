"""The settings that hold for a task, as its worker would read them now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import read_wishes
from deputize.git.locate import read_blobs
from deputize.git.refs import read_ref

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.task import Task


def settings_of(home: Home, task: Task | None) -> Config:
    """Return home's settings, with those of a task's repository where that is still there.

    Raises ConfigError.
    """
    if task is None or task.git_dir is None or not Path(task.git_dir).exists():
        return load_config(home.config)
    return settings_at(home, Path(task.git_dir), task.target or "")


def settings_at(home: Home, git_dir: Path, target: str) -> Config:
    """Return home's settings with those of a repository at the tip of a branch; ConfigError."""
    tip = read_ref(git_dir, f"refs/heads/{target}")
    if tip is None:
        return load_config(home.config)
    file, include = read_blobs(git_dir, tip, (REPOSITORY_FILE, INCLUDE_FILE))
    return read_wishes(home.config, file, include, origin=f"{REPOSITORY_FILE} ({target})").config
