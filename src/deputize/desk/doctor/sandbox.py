"""Looks at the sandbox: whether there is the one that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk.doctor.finding import About, Finding, fail, ok, warn
from deputize.errors import ConfigError
from deputize.workspace.sandbox.bubblewrap import Missing, bubblewrap
from deputize.workspace.sandbox.shelter import AUTO, WORKSPACE, level_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home

OPEN = "the network is open in it, and memory and processes are not limited"


def sandbox(home: Home) -> Iterator[Finding]:
    """Tell which sandbox attempts get here, and what it leaves open."""
    wanted = load_config(home.config).sandbox.level
    try:
        level, told = level_of(wanted)
    except ConfigError as error:
        yield fail(About.SANDBOX, error.message, error.hint)
        return
    found = bubblewrap()
    if level == WORKSPACE:
        yield ok(About.SANDBOX, f"{told}; {OPEN}")
    elif wanted == AUTO and isinstance(found, Missing):
        yield warn(About.SANDBOX, told, found.hint)
    else:
        yield ok(About.SANDBOX, told)
