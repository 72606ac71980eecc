"""Variables of the environment, and below them those of the `.env` in deputize's home.

Only that one file is read. The `.env` of a repository, or of the folder that somebody happens to
be in, may be anybody's: it could send prompts and keys to a server of its own.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deputize.config.private import read_private
from deputize.config.variables import PREFIX
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.config.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What is set, by name, and where; it never shows a value by mistake."""

    home: Home
    environment: Mapping[str, str] = field(repr=False)
    file: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def all(self) -> dict[str, str]:
        """Return each with its value: the environment goes before the file, if empty too."""
        return {**self.file, **self.environment}

    def get(self, name: str) -> str | None:
        """Return a value; None where it is not set, or set to nothing."""
        return self.all.get(name) or None

    def place(self, name: str) -> str | None:
        """Return where a variable that has a value got it."""
        if self.get(name) is None:
            return None
        return "the environment" if name in self.environment else str(self.home.variables)


def read_variables(home: Home, environment: Mapping[str, str] | None = None) -> Variables:
    """Return the variables that hold for a home, with ours or another environment above them.

    Raises ConfigError where its `.env` can't be used.
    """
    above = dict(os.environ if environment is None else environment)
    return Variables(home=home, environment=above, file=_read(home.variables))


def _read(file: Path) -> dict[str, str]:
    if not os.path.lexists(file):
        return {}
    try:
        text = read_private(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not valid UTF-8", hint="save it as UTF-8") from error
    return _parsed(text, file)


def _parsed(text: str, file: Path) -> dict[str, str]:
    from dotenv.parser import parse_stream

    found = {}
    for line in parse_stream(io.StringIO(text)):
        where = f"{file}, line {line.original.line}"
        if line.error:
            # What it says may be half a key: only its place is told.
            raise ConfigError(f"{where}: not a variable", hint="write NAME=value on each line")
        if line.key is None:
            continue
        if line.key.startswith(PREFIX):
            message = f"{where}: {line.key} is a setting, and is not read here"
            raise ConfigError(message, hint=f"settings belong in {file.with_name('config.toml')}")
        found[line.key] = line.value or ""
    return found
