"""A check-up of everything that deputize needs, each finding with what to do about it."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.config.variables import unknown_variables
from deputize.desk.context import open_desk
from deputize.desk.mounts import FOREIGN, file_system_of
from deputize.errors import ConfigError, DeputizeError, InvalidInput
from deputize.intake.validation import settings_problems
from deputize.notify.channels import channels_of
from deputize.store import meta, trust
from deputize.store.migrate import schema
from deputize.store.opening import shared_address
from deputize.workspace.processes.identity import ProcessIdentity, is_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.desk.context import Desk

PROBE_BYTES = 4096
CLOSED_HINT = "check its permissions, or set DEPUTIZE_HOME to a folder that you can write to"
TIGHT_BYTES = 2 << 30
TOO_LITTLE_BYTES = 200 << 20
SKEW_SECONDS = 3.0
"""A lease lasts ten times as long."""
STALE_BACKUP_DAYS = 30
SILENT_SECONDS = 60
"""A worker beats every 10 s; one that has been silent for longer hangs, or its clock jumped."""
CREDENTIALS = (
    "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
)  # fmt: skip


class Level(StrEnum):
    """How a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look found."""

    level: Level
    about: str
    text: str
    hint: str | None = None


def examine(home: Home, folder: Path | None = None) -> list[Finding]:
    """Look at everything; a look that fails is a finding, never an error.

    That includes the repository at or above `folder`, where there is one.
    """
    with ExitStack() as stack:
        findings = list(_look("git", _git))
        findings += _look("sqlite", _sqlite)
        findings += _look("settings", lambda: _settings(home))
        findings += _look("settings", lambda: _names(home))
        findings += _look("home", lambda: _home(home))
        findings += _look("disk", lambda: _disk(home))
        findings += _look("database", lambda: _store(home, stack))
        findings += _look("agents", lambda: _agents(home))
        findings += _look("notify", lambda: _channels(home))
        findings += _look("credentials", lambda: _credentials(home))
        if folder is not None:
            findings += _look("repository", lambda: _repository(home, folder))
    return findings


def _has_store(home: Home) -> bool:
    return shared_address() is not None or home.database.exists()


def _store(home: Home, stack: ExitStack) -> Iterator[Finding]:
    """Look into the store, where there is one."""
    if not _has_store(home):
        return
    shared = shared_address() is not None
    desk = stack.enter_context(open_desk(home))
    yield from _look("database", lambda: _database(desk))
    yield from _look("database", lambda: _server(desk) if shared else _file(desk))
    yield from _look("journal", lambda: _journal(desk))
    yield from _look("workers", lambda: _workers(desk))


def require_fit(home: Home) -> None:
    """Raise ConfigError, with what to do, where a quick look finds what would keep a worker idle.

    It looks at git, the settings and the home; the database is opened by who asks, and a full disk
    is waited for.
    """
    looks = (("git", _git), ("settings", lambda: _settings(home)), ("home", lambda: _home(home)))
    for about, look in looks:
        for finding in _look(about, look):
            if finding.level is Level.FAIL:
                hint = finding.hint or "`deputize doctor` looks closer"
                raise ConfigError(f"{about}: {finding.text}", hint=hint)


def _look(about: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except DeputizeError as error:
        return [_failed(about, error)]
    except OSError as error:
        hint = "look into the log of the system, and at the rights of this file"
        return [Finding(level=Level.FAIL, about=about, text=str(error), hint=hint)]


def _failed(about: str, error: DeputizeError) -> Finding:
    return Finding(level=Level.FAIL, about=about, text=error.message, hint=error.hint)


def _ok(about: str, text: str) -> Finding:
    return Finding(level=Level.OK, about=about, text=text)


def _warn(about: str, text: str, hint: str | None = None) -> Finding:
    return Finding(level=Level.WARN, about=about, text=text, hint=hint)


def _git() -> Iterator[Finding]:
    from deputize.git.command import require_git

    yield _ok("git", "version " + ".".join(map(str, require_git())))


def _sqlite() -> Iterator[Finding]:
    yield _ok("sqlite", f"version {sqlite3.sqlite_version}, in Python {sys.version.split()[0]}")


def _settings(home: Home) -> Iterator[Finding]:
    config = load_config(home.config)
    where = str(home.config) if home.config.exists() else f"no {home.config}: all defaults"
    yield _ok("settings", f"{where}; new tasks go to {config.default_agent}")
    for name in unknown_variables(os.environ):
        yield _warn("settings", f"the variable {name} means nothing to deputize")


def _channels(home: Home) -> Iterator[Finding]:
    found = channels_of(load_config(home.config).notify)
    if found:
        yield _ok("notify", ", ".join(channel.name for channel in found))


def _names(home: Home) -> Iterator[Finding]:
    """Find what `add` would refuse; a worker has other tasks to see to."""
    with suppress(ConfigError):  # that one has been found already
        for problem in settings_problems(load_config(home.config)):
            yield _failed("settings", problem)


def _home(home: Home) -> Iterator[Finding]:
    if not home.path.exists():
        yield _ok("home", f"{home.path} will be made by the first `deputize add`")
        return
    yield _writable(home.path)
    if stat.S_IMODE(home.path.stat().st_mode) & 0o077:
        yield _warn("home", "others may look into it", f"chmod 700 {home.path}")
    kind = file_system_of(home.path)
    if kind in FOREIGN:
        hint = "set DEPUTIZE_HOME to a folder on a local disk"
        yield _warn("home", f"it is on a {kind} mount, where a database may be damaged", hint)


def _writable(folder: Path) -> Finding:
    """Tell whether a file can be made in a folder, and something be written into it."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"\0" * PROBE_BYTES)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return Finding(
            level=Level.FAIL,
            about="home",
            text=f"{folder} can't be written to: {error.strerror}",
            hint="free some disk space" if full else CLOSED_HINT,
        )
    return _ok("home", f"{folder} can be written to")


def _repository(home: Home, folder: Path) -> Iterator[Finding]:
    """Look at what the repository that one stands in wants, as its target's tip says."""
    from deputize.git.locate import locate
    from deputize.intake import wishes_of

    try:
        location = locate(folder)
    except InvalidInput as error:
        if not error.message.startswith("not inside a git repository"):
            yield _warn("repository", error.message, error.hint)
        return
    wishes = wishes_of(home, location)
    where = f"{location.checkout or location.git_dir}, {location.target}"
    if not wishes.lines:
        yield _ok("repository", f"{where}: wants to run nothing")
    elif _is_trusted(home, str(location.git_dir), wishes.digest):
        yield _ok("repository", f"{where}: what it wants to run is trusted")
    else:
        text = f"{where}: what it wants to run is not trusted yet"
        yield _warn("repository", text, "`deputize trust` shows it, and asks")


def _is_trusted(home: Home, git_dir: str, digest: str) -> bool:
    """Ask the store, which is looked at for itself: one that can't be opened trusts nothing."""
    if not _has_store(home):
        return False
    with suppress(DeputizeError), open_desk(home) as desk, desk.database.read() as transaction:
        return trust.is_trusted(transaction, git_dir, digest)
    return False


def _disk(home: Home) -> Iterator[Finding]:
    folder = next(place for place in (home.path, *home.path.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / (1 << 30):.1f} GiB free"
    hint = "free some: each workspace is a checkout of its own"
    if free < TOO_LITTLE_BYTES:
        yield Finding(level=Level.FAIL, about="disk", text=text, hint=hint)
    else:
        yield _warn("disk", text, hint) if free < TIGHT_BYTES else _ok("disk", text)


def _database(desk: Desk) -> Iterator[Finding]:
    with desk.database.read() as transaction:
        found, version = meta.check(transaction), schema(transaction)
    if found == "ok":
        yield _ok("database", f"{desk.database.place} is whole, schema {version}")
    else:
        hint = "stop all workers and restore a backup; nothing is written over it"
        yield Finding(level=Level.FAIL, about="database", text=f"damaged: {found}", hint=hint)


def _file(desk: Desk) -> Iterator[Finding]:
    path = desk.home.database
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield _warn("database", "others may read it", f"chmod 600 {path}")
    yield _backup(desk)


def _backup(desk: Desk) -> Finding:
    with desk.database.read() as transaction:
        made_at = meta.last_backup(transaction)
    if made_at is None:
        return _ok("backup", "none yet; `deputize store backup FILE` makes one")
    days = (desk.clock.now() - made_at).days
    if days > STALE_BACKUP_DAYS:
        return _warn("backup", f"the last is {days} days old", "deputize store backup FILE")
    return _ok("backup", f"the last is {days} days old" if days else "the last is of today")


def _server(desk: Desk) -> Iterator[Finding]:
    """Look at a server's version and clock: leases and delays go by ours, wherever a worker is."""
    before = desk.clock.now()
    with desk.database.read() as transaction:
        version, theirs = meta.server(transaction)
    after = desk.clock.now()
    off = (theirs - before - (after - before) / 2).total_seconds()
    text = f"PostgreSQL {version}, its clock {abs(off):.1f} s {'ahead' if off > 0 else 'behind'}"
    if abs(off) < SKEW_SECONDS:
        yield _ok("database", text)
    else:
        hint = "set both clocks by NTP: a lease that one gives must not be over for the other"
        yield _warn("database", text, hint)


def _journal(desk: Desk) -> Iterator[Finding]:
    from deputize.desk.history import verify

    proof = verify(desk)
    if proof.problem:
        hint = "somebody changed the audit trail; `deputize audit verify` names the entry"
        yield Finding(level=Level.FAIL, about="journal", text=proof.problem, hint=hint)
    else:
        rest = f", {proof.unsealed_count} not sealed yet" if proof.unsealed_count else ""
        yield _ok("journal", f"{proof.count} entries in an unbroken chain{rest}")


def _workers(desk: Desk) -> Iterator[Finding]:
    from deputize.desk.stations import listing

    found = listing(desk)
    alive = [worker for worker, is_alive in found if is_alive]
    yield _ok("workers", f"{len(alive)} running" if alive else "none runs; `add` starts one")
    for worker, is_alive in found:
        silent = (datetime.now(UTC) - worker.seen_at).total_seconds()
        if not is_alive:
            ended = is_gone(ProcessIdentity.parse(worker.identity))
            how = (
                "ended without saying so"
                if ended
                else f"was heard of {int(silent)} s ago, elsewhere"
            )
            text = f"{worker.id} {how}"
            yield _warn("workers", text, "the next worker takes its tasks over: `deputize up`")
        elif silent > SILENT_SECONDS:
            text = f"{worker.id} has been silent for {int(silent)} s"
            yield _warn("workers", text, f"look into {desk.home.logs / 'worker.log'}")


def _agents(home: Home) -> Iterator[Finding]:
    from deputize.desk.agents import listing

    for agent in listing(home):
        about = f"agent {agent.name}"
        if agent.problem is None:
            version = f" ({agent.version})" if agent.version else ""
            yield _ok(about, f"{agent.path}{version}")
        elif agent.default:
            level = Level.FAIL
            yield Finding(level=level, about=about, text=agent.problem, hint=agent.hint)
        else:
            yield _warn(about, agent.problem, agent.hint)


def _credentials(home: Home) -> Iterator[Finding]:
    """Look for names only: no secret is read, let alone shown."""
    from deputize.agents.copilot.stored import stored_user

    config = load_config(home.config)
    keys = {each.key_variable for each in config.providers.values() if each.key_variable}
    present = [name for name in (*CREDENTIALS, *sorted(keys)) if name in os.environ]
    user = stored_user(os.environ)
    if present:
        yield _ok("credentials", ", ".join(dict.fromkeys(present)))
    if user:
        text = f"Copilot has stored a login of {user}; only a task shows whether it still holds"
        yield _ok("credentials", text)
    if not (present or user):
        hint = "log in to your agent (`copilot login`), or set GH_TOKEN or a provider's key"
        text = "none in the environment, and no stored login of Copilot"
        yield _warn("credentials", text, hint)
    for name, provider in config.providers.items():
        if provider.key_variable and provider.key_variable not in os.environ:
            yield _warn(
                "credentials",
                f"provider {name} needs {provider.key_variable}",
                f"export {provider.key_variable}=…",
            )
