"""The check-up: every look, in the order in which one thing needs another."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk.context import open_desk
from deputize.desk.doctor import agents, database, machine, readers, settings
from deputize.desk.doctor.archive import archive
from deputize.desk.doctor.finding import About, Finding, Level, Look, look
from deputize.desk.doctor.journal import journal
from deputize.desk.doctor.leases import leases
from deputize.desk.doctor.repository import has_store, repository
from deputize.desk.doctor.sandbox import sandbox
from deputize.desk.doctor.schema import schema
from deputize.desk.doctor.workers import workers
from deputize.desk.doctor.workspaces import workspaces
from deputize.errors import ConfigError, StoreError
from deputize.store.opening import shared_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.desk.context import Desk

DOCTOR = "`deputize doctor` looks closer"


class Stop(NamedTuple):
    """One look of the check-up."""

    about: About
    look: Look


def examine(home: Home, folder: Path | None = None, *, fix: bool = False) -> list[Finding]:
    """Look at everything; a look that fails is a finding, never an error.

    That includes the repository at or above `folder`, where there is one. `fix` mends on the way
    what can be mended safely.
    """
    with ExitStack() as stack:
        return [
            *_made(_first(home), fix=fix),
            *_made(_second(home), fix=fix),
            *look(About.DATABASE, lambda: _store(home, stack, fix=fix)),
            *_made(_last(home, folder), fix=fix),
        ]


@contextmanager
def open_fit_desk(home: Home) -> Iterator[Desk]:
    """Open the desk for a worker, where quick looks find nothing that would keep it from working.

    They look at git, the settings and the home, at what keeps wrong rows out of the database, and
    at a server's clock. A full disk is waited for. Raises ConfigError or StoreError, with what to
    do.
    """
    require_fit(home)
    with open_desk(home) as desk:
        for finding in _made(_sound(desk), fix=False):
            if finding.level is Level.FAIL:
                raise StoreError(f"{finding.about}: {finding.text}", hint=finding.hint or DOCTOR)
        yield desk


def require_fit(home: Home) -> None:
    """Raise ConfigError, with what to do, where a quick look finds a failure around the store."""
    for finding in _made(_first(home), fix=False):
        if finding.level is Level.FAIL:
            raise ConfigError(f"{finding.about}: {finding.text}", hint=finding.hint or DOCTOR)


def _made(stops: Iterator[Stop], *, fix: bool) -> Iterator[Finding]:
    for stop in stops:
        yield from look(stop.about, stop.look, fix=fix)


def _first(home: Home) -> Iterator[Stop]:
    """Return what a worker can't do without: quick looks only."""
    yield Stop(About.GIT, machine.git)
    yield Stop(About.SETTINGS, partial(settings.settings, home))
    yield Stop(About.HOME, partial(machine.home, home))


def _second(home: Home) -> Iterator[Stop]:
    yield Stop(About.SETTINGS, partial(settings.names, home))
    yield Stop(About.SETTINGS, partial(settings.telemetry, home))
    yield Stop(About.DISK, partial(machine.disk, home))
    yield Stop(About.SQLITE, machine.sqlite)
    yield Stop(About.SANDBOX, partial(sandbox, home))


def _store(home: Home, stack: ExitStack, *, fix: bool) -> Iterator[Finding]:
    """Look into the store, where there is one."""
    if has_store(home):
        desk = stack.enter_context(open_desk(home))
        yield from _made(_inside(desk), fix=fix)


def _sound(desk: Desk) -> Iterator[Stop]:
    """Return what must be right of the store before anybody works with it: quick looks only."""
    if shared_address():
        yield Stop(About.DATABASE, partial(database.server, desk))
    yield Stop(About.SCHEMA, partial(schema, desk))


def _inside(desk: Desk) -> Iterator[Stop]:
    yield Stop(About.DATABASE, partial(database.database, desk))
    yield from _sound(desk)
    if shared_address():
        yield Stop(About.READERS, partial(readers.sessions, desk))
    else:
        yield Stop(About.DATABASE, partial(database.file, desk))
        yield Stop(About.READERS, partial(readers.log, desk))
    yield Stop(About.JOURNAL, partial(journal, desk))
    yield Stop(About.ARCHIVE, partial(archive, desk))
    yield Stop(About.WORKERS, partial(workers, desk))
    yield Stop(About.LEASES, partial(leases, desk))
    yield Stop(About.WORKSPACES, partial(workspaces, desk))


def _last(home: Home, folder: Path | None) -> Iterator[Stop]:
    yield Stop(About.AGENT, partial(agents.agents, home))
    yield Stop(About.SETTINGS, partial(settings.hooks, home))
    yield Stop(About.NOTIFY, partial(settings.channels, home))
    yield Stop(About.CREDENTIALS, partial(agents.credentials, home))
    if folder is not None:
        yield Stop(About.REPOSITORY, partial(repository, home, folder))
