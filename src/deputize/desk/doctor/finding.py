"""What a look finds: how it is, what to do, and how `doctor --fix` mends it where that is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from deputize.errors import DeputizeError

Look = Callable[[], Iterator["Finding"]]
Mend = Callable[[], str]
"""Mends something and says how: what is safe to do while others work, and to do twice."""
FIX = "`deputize doctor --fix`"


class Level(StrEnum):
    """How a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    FIXED = "fixed"
    """It was a warning or a failure, and has just been mended."""


class About(StrEnum):
    """What is looked at."""

    GIT = "git"
    SQLITE = "sqlite"
    SETTINGS = "settings"
    HOME = "home"
    SANDBOX = "sandbox"
    DISK = "disk"
    DATABASE = "database"
    SCHEMA = "schema"
    READERS = "readers"
    BACKUP = "backup"
    JOURNAL = "journal"
    ARCHIVE = "archive"
    WORKERS = "workers"
    LEASES = "leases"
    WORKSPACES = "workspaces"
    AGENT = "agent"
    NOTIFY = "notify"
    CREDENTIALS = "credentials"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look found."""

    level: Level
    about: str
    """One of `About`; an agent's has its name behind it."""
    text: str
    hint: str | None = None
    mend: Mend | None = None


def ok(about: str, text: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(level=Level.OK, about=about, text=text)


def warn(about: str, text: str, hint: str | None = None, mend: Mend | None = None) -> Finding:
    """Say that something may become a problem."""
    return Finding(level=Level.WARN, about=about, text=text, hint=hint, mend=mend)


def fail(about: str, text: str, hint: str | None = None, mend: Mend | None = None) -> Finding:
    """Say that something does not work."""
    return Finding(level=Level.FAIL, about=about, text=text, hint=hint, mend=mend)


def look(about: str, at: Look, *, fix: bool = False) -> list[Finding]:
    """Return what a look finds, that it fails too; `fix` mends what is safe to mend."""
    try:
        return [_mended(finding) if fix else finding for finding in at()]
    except DeputizeError as error:
        return [failed(about, error)]
    except OSError as error:
        return [fail(about, str(error), _SYSTEM)]


_SYSTEM = "look into the log of the system, and at the rights of this file"


def failed(about: str, error: DeputizeError) -> Finding:
    """Make a finding of an error."""
    return fail(about, error.message, error.hint)


def _mended(finding: Finding) -> Finding:
    if finding.mend is None:
        return finding
    try:
        done = finding.mend()
    except DeputizeError as error:
        return replace(finding, text=f"{finding.text}; {error.message}", hint=error.hint)
    except OSError as error:
        return replace(finding, text=f"{finding.text}; {error}", hint=_SYSTEM)
    text = f"{finding.text}: {done}"
    return Finding(level=Level.FIXED, about=finding.about, text=text)
