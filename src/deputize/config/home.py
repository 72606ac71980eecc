"""Where deputize keeps its state: one folder, readable by its owner only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from deputize.errors import StoreCorrupt, StoreUnavailable


class Home(NamedTuple):
    """The folder of all state, and the names in it."""

    path: Path

    @property
    def database(self) -> Path:
        """The database file."""
        return self.path / "deputize.db"

    @property
    def config(self) -> Path:
        """The user's own settings."""
        return self.path / "config.toml"

    @property
    def variables(self) -> Path:
        """Variables for agents, should the environment not have them: logins and keys."""
        return self.path / ".env"

    @property
    def keys(self) -> Path:
        """The folder of the keys of providers that `provider add` was given."""
        return self.path / "keys"

    @property
    def audit(self) -> Path:
        """The folder of the audit files."""
        return self.path / "audit"

    @property
    def archive(self) -> Path:
        """The folder of what was taken out of the store."""
        return self.path / "archive"

    @property
    def logs(self) -> Path:
        """The folder of all logs."""
        return self.path / "logs"

    @property
    def repos(self) -> Path:
        """The folder of our own bare repositories."""
        return self.path / "repos"

    @property
    def workspaces(self) -> Path:
        """The folder of the attempts' worktrees."""
        return self.path / "workspaces"

    @property
    def agents(self) -> Path:
        """The folder of what agents keep between attempts: their sessions."""
        return self.path / "agents"

    @property
    def run(self) -> Path:
        """The folder of what only means something while processes run: doorbells, locks."""
        return self.path / "run"

    @property
    def starting(self) -> Path:
        """A file that is there while a background worker starts and has not signed on yet."""
        return self.run / "starting"


def find_home() -> Home:
    """Return the home that DEPUTIZE_HOME names, or the platform's user state folder."""
    named = os.environ.get("DEPUTIZE_HOME")
    if named:
        return Home(Path(named).expanduser().absolute())
    from platformdirs import user_state_path

    return Home(user_state_path("deputize", appauthor=False))


def require_whole(home: Home) -> None:
    """Raise StoreCorrupt where an empty file stands in the place of a database that was used."""
    if home.database.exists() and home.database.stat().st_size == 0 and any(home.audit.glob("*")):
        hint = "restore a backup, or move the whole folder away to start afresh"
        raise StoreCorrupt(f"{home.database} is empty, though {home.audit} is not", hint=hint)


def ensure(folder: Path) -> Path:
    """Make a folder of the home where it isn't there; StoreUnavailable where that can't be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "check its permissions, or set DEPUTIZE_HOME to a folder that you can write to"
        raise StoreUnavailable(f"cannot make {folder}: {error.strerror}", hint=hint) from error
    return folder


def sync_folder(folder: Path) -> None:
    """Make a change of the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
