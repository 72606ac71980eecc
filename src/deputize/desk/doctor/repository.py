"""A look at what the repository that one stands in wants, as its target's tip says."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.desk.context import open_desk
from deputize.desk.doctor.finding import About, Finding, ok, warn
from deputize.errors import DeputizeError, InvalidInput
from deputize.store import trust
from deputize.store.opening import shared_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.config.home import Home


def has_store(home: Home) -> bool:
    """Tell whether there is a store already: none is made by looking."""
    return shared_address() is not None or home.database.exists()


def repository(home: Home, folder: Path) -> Iterator[Finding]:
    """Look at the repository at or above a folder, where there is one."""
    from deputize.git.locate import locate
    from deputize.intake import wishes_of

    try:
        location = locate(folder)
    except InvalidInput as error:
        if not error.message.startswith("not inside a git repository"):
            yield warn(About.REPOSITORY, error.message, error.hint)
        return
    wishes = wishes_of(home, location)
    where = f"{location.checkout or location.git_dir}, {location.target}"
    if not wishes.lines:
        yield ok(About.REPOSITORY, f"{where}: wants to run nothing")
    elif _is_trusted(home, str(location.git_dir), wishes.digest):
        yield ok(About.REPOSITORY, f"{where}: what it wants to run is trusted")
    else:
        text = f"{where}: what it wants to run is not trusted yet"
        yield warn(About.REPOSITORY, text, "`deputize trust` shows it, and asks")


def _is_trusted(home: Home, git_dir: str, digest: str) -> bool:
    """Ask the store, which is looked at for itself: one that can't be opened trusts nothing."""
    if not has_store(home):
        return False
    with suppress(DeputizeError), open_desk(home) as desk, desk.database.read() as transaction:
        return trust.is_trusted(transaction, git_dir, digest)
    return False
