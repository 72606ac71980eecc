"""Folders and files that a policy speaks of: which path is in which."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from deputize.workspace.sandbox.secrets import IN_HOME, IN_SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterable

HOMES = frozenset({"/home", "/root", "/var/root", "/Users"})
"""Where people's homes are: one's own is no secret."""
SECRET = (
    *(f"~/{place}" for place in IN_HOME),
    *(place for place in IN_SYSTEM if place not in HOMES),
    *("/proc/*/environ", "/proc/*/mem"),
)
"""Where programs keep what opens doors: what the sandbox hides, too."""


def is_inside(path: str, folder: str) -> bool:
    """Tell whether an absolute path is a folder, or in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def absolute(place: str, workspace: str) -> str:
    """Return a place as it is written in a policy, from the workspace where it is relative.

    What stands before the first `*` is followed to where it leads.
    """
    full = os.path.join(workspace, os.path.expanduser(place))  # noqa: PTH111, PTH118 - there are many
    head, star, rest = full.partition("*")
    if not star:
        return os.path.realpath(full)
    folder, _, begin = head.rpartition("/")
    return f"{os.path.realpath(folder or '/')}/{begin}{star}{rest}".replace("//", "/")


def is_in(path: str, places: Iterable[str]) -> bool:
    """Tell whether an absolute path is one of some absolute places, or below one."""
    return any(_fitting(place).fullmatch(path) for place in places)


@lru_cache(maxsize=1024)
def _fitting(place: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\?)", place.rstrip("/"))
    marks = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(marks.get(part) or re.escape(part) for part in parts)
    return re.compile(rf"{text}(?:/.*)?", re.DOTALL)
