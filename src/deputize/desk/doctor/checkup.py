"""The check-up: every look, in the order in which one thing needs another."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deputize.desk.context import open_desk
from deputize.desk.doctor import agents, database, machine, settings
from deputize.desk.doctor.finding import About, Finding, Level, Look, look
from deputize.desk.doctor.journal import journal
from deputize.desk.doctor.repository import has_store, repository
from deputize.desk.doctor.workers import workers
from deputize.errors import ConfigError
from deputize.store.opening import shared_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.desk.context import Desk


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


def require_fit(home: Home) -> None:
    """Raise ConfigError, with what to do, where a quick look finds what would keep a worker idle.

    It looks at git, the settings and the home; the database is opened by who asks, and a full disk
    is waited for.
    """
    for finding in _made(_first(home), fix=False):
        if finding.level is Level.FAIL:
            hint = finding.hint or "`deputize doctor` looks closer"
            raise ConfigError(f"{finding.about}: {finding.text}", hint=hint)


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
    yield Stop(About.DISK, partial(machine.disk, home))
    yield Stop(About.SQLITE, machine.sqlite)


def _store(home: Home, stack: ExitStack, *, fix: bool) -> Iterator[Finding]:
    """Look into the store, where there is one."""
    if has_store(home):
        desk = stack.enter_context(open_desk(home))
        yield from _made(_inside(desk), fix=fix)


def _inside(desk: Desk) -> Iterator[Stop]:
    yield Stop(About.DATABASE, partial(database.database, desk))
    around = database.server if shared_address() else database.file
    yield Stop(About.DATABASE, partial(around, desk))
    yield Stop(About.JOURNAL, partial(journal, desk))
    yield Stop(About.WORKERS, partial(workers, desk))


def _last(home: Home, folder: Path | None) -> Iterator[Stop]:
    yield Stop(About.AGENT, partial(agents.agents, home))
    yield Stop(About.NOTIFY, partial(settings.channels, home))
    yield Stop(About.CREDENTIALS, partial(agents.credentials, home))
    if folder is not None:
        yield Stop(About.REPOSITORY, partial(repository, home, folder))
