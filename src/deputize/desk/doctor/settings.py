"""Looks at the settings: the file, the environment, the channels of notices."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.config.variables import unknown_variables
from deputize.desk.doctor.finding import About, Finding, failed, ok, warn
from deputize.errors import ConfigError
from deputize.hooks.calling import callable_hooks
from deputize.intake.validation import settings_problems
from deputize.notify.channels import channels_of
from deputize.worker.telemetry import INSTALL, MISSING, is_installed, is_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home


def settings(home: Home) -> Iterator[Finding]:
    """Read the file of settings, and the variables beside it."""
    config = load_config(home.config)
    where = str(home.config) if home.config.exists() else f"no {home.config}: all defaults"
    yield ok(About.SETTINGS, f"{where}; new tasks go to {config.default_agent}")
    for name in unknown_variables(os.environ):
        yield warn(About.SETTINGS, f"the variable {name} means nothing to deputize")


def telemetry(home: Home) -> Iterator[Finding]:
    """Look whether spans that are wanted can be told."""
    with suppress(ConfigError):  # that one has been found already
        wanted = load_config(home.config).telemetry
        if is_wanted(wanted) and not is_installed():
            yield warn(About.SETTINGS, MISSING, INSTALL)


def names(home: Home) -> Iterator[Finding]:
    """Find what `add` would refuse; a worker has other tasks to see to."""
    with suppress(ConfigError):  # that one has been found already
        for problem in settings_problems(load_config(home.config)):
            yield failed(About.SETTINGS, problem)


def hooks(home: Home) -> Iterator[Finding]:
    """Look whether hooks can be called as the settings want it."""
    with suppress(ConfigError):  # that one has been found already
        config = load_config(home.config)
        try:
            callable_hooks(config.hooks)
        except ConfigError as error:
            yield failed(About.SETTINGS, error)


def channels(home: Home) -> Iterator[Finding]:
    """Look whether notices can be sent as the settings want it."""
    found = channels_of(load_config(home.config).notify)
    if found:
        yield ok(About.NOTIFY, ", ".join(channel.name for channel in found))
