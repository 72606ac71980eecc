"""Paths as settings spell them: whole, from the person's home, or named by a variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.variables import is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.config.shape import Shape

HOME = "~/"
VARIABLE = "$"
RIGHT = "a whole path, or one that begins with ~/"


def check_paths(key: str, paths: Iterable[str], shape: Shape, *, variables: bool = False) -> None:
    """Check that each of some paths is spelled out; ConfigError names the key and the place."""
    for number, path in enumerate(paths):
        is_named = variables and path.startswith(VARIABLE) and is_variable(path[1:])
        is_whole = path.startswith((HOME, os.sep)) and ".." not in Path(path).parts
        if "\0" in path or not (is_named or is_whole):
            raise shape.wrong(f"{key}.{number}", RIGHT + (", or a $VARIABLE" * variables), path)


def expanded(paths: Iterable[str], variables: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the paths that are meant; what names a variable that isn't set means none."""
    home = variables.get("HOME") or str(Path.home())
    found = (
        variables.get(path[1:], "")
        if path.startswith(VARIABLE)
        else os.path.join(home, path[2:])  # noqa: PTH118 - `path` may be empty behind it
        if path.startswith(HOME)
        else path
        for path in paths
    )
    return tuple(Path(each) for each in found if os.path.isabs(each))  # noqa: PTH117 - a word yet
