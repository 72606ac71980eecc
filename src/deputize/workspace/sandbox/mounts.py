"""What is to be mounted where: a confinement, held against the machine as it is now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.workspace.sandbox.confinement import Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.workspace.sandbox.confinement import Confinement

MORE_THAN_READABLE = frozenset({Access.LAYERED, Access.WRITABLE})
EMPTIED = frozenset({Access.HIDDEN, Access.PRIVATE})
MOST_ENTRIES = 400
"""A folder of more than that is not laid out entry by entry."""


class Kind(Enum):
    """What is put at a place."""

    READABLE = "readable"
    WRITABLE = "writable"
    EMPTY_FILE = "empty file"
    EMPTY_FOLDER = "empty folder"
    PRIVATE_FOLDER = "private folder"
    """Empty, and in memory."""
    LAYER = "layer"
    """An empty folder on disk, for what is made in it."""
    LINK = "link"
    """One of a layer's."""
    WAY = "way"
    """A link to what can be seen, where an empty folder has taken the place of the way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One thing at one place."""

    kind: Kind
    place: str
    target: str = ""
    """Where a link leads."""


def mounts_of(confinement: Confinement) -> tuple[Mount, ...]:
    """Return what makes a confinement true here and now, parents before their children.

    What isn't there needs no rule. Links on the way are followed: programs would follow them too.
    """
    settled = _settled(confinement)
    found = [mount for place in sorted(settled, key=_depth) for mount in _made(place, settled)]
    found += _ways(confinement, settled)
    return tuple(sorted(found, key=lambda mount: _depth(mount.place)))


def _settled(confinement: Confinement) -> dict[str, Access]:
    """Return the rule that holds for each real path that is there."""
    settled: dict[str, Access] = {}
    for rule in confinement.rules:
        real = os.path.realpath(rule.path)
        if not Path(real).exists() or (real == "/" and rule.access is not Access.WRITABLE):
            continue
        # To be told that it is readable takes nothing from what is more than that.
        if rule.access is Access.READABLE and settled.get(real) in MORE_THAN_READABLE:
            continue
        settled[real] = rule.access
    return settled


def _ways(confinement: Confinement, settled: dict[str, Access]) -> Iterator[Mount]:
    """Yield the links by which rules name what can be seen, and which would be gone else."""
    named = {os.path.normpath(rule.path) for rule in confinement.rules}
    for place in sorted(named):
        target = os.path.realpath(place)
        is_seen = settled.get(target) in {Access.READABLE, Access.WRITABLE}
        if target != place and is_seen and _above(place, settled) in EMPTIED:
            yield Mount(kind=Kind.WAY, place=place, target=target)


def _made(place: str, settled: dict[str, Access]) -> Iterator[Mount]:
    access, is_folder = settled[place], Path(place).is_dir()
    above = _above(place, settled)
    if access is above and access is not Access.LAYERED:
        return
    match access:
        case Access.HIDDEN:
            yield Mount(kind=Kind.EMPTY_FOLDER if is_folder else Kind.EMPTY_FILE, place=place)
        case Access.PRIVATE:
            yield Mount(kind=Kind.PRIVATE_FOLDER, place=place)
        case Access.WRITABLE:
            yield Mount(kind=Kind.WRITABLE, place=place)
        case Access.LAYERED if is_folder:
            yield from _laid_out(place, settled)
        case _ if above is not Access.LAYERED:
            yield Mount(kind=Kind.READABLE, place=place)


def _above(place: str, settled: dict[str, Access]) -> Access:
    """Return what holds for a path by the rules for what lies above it."""
    parents = (str(parent) for parent in Path(place).parents)
    return next((settled[each] for each in parents if each in settled), Access.READABLE)


def _laid_out(place: str, settled: dict[str, Access]) -> Iterator[Mount]:
    """Lay a folder out entry by entry, so that there is room beside them."""
    try:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        entries = []
    if len(entries) > MOST_ENTRIES:
        yield Mount(kind=Kind.READABLE, place=place)
        return
    yield Mount(kind=Kind.LAYER, place=place)
    for entry in entries:
        if entry.is_symlink():
            yield Mount(kind=Kind.LINK, place=entry.path, target=str(Path(entry.path).readlink()))
        elif (entry.is_dir() or entry.is_file()) and _is_plain(settled.get(entry.path)):
            yield Mount(kind=Kind.READABLE, place=entry.path)


def _is_plain(access: Access | None) -> bool:
    return access in {None, Access.READABLE}


def _depth(place: str) -> int:
    return place.count("/") if place != "/" else 0
