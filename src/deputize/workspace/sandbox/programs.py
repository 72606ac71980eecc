"""Where programs are installed: what has to be readable so that they run."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARIES = frozenset({"bin", "sbin"})
BESIDE_BINARIES = ("lib", "lib64", "libexec", "share", "pyvenv.cfg")
"""What lies beside a folder of programs that need it."""
MODULES = "node_modules"
MOST_LINKS = 40


def installed_at(program: str, path: str | None = None) -> tuple[Path, ...]:
    """Return what a program needs to run: all around it, and around what it is a link to."""
    found = shutil.which(program, path=path) or program
    if not Path(found).is_absolute() or not Path(found).exists():
        return ()
    return tuple(dict.fromkeys(_around(each) for each in _links(Path(found))))


def on_path(path: str | None = None) -> tuple[Path, ...]:
    """Return what the programs of PATH need, as far as folders tell."""
    names = (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep)
    folders = (folder for folder in map(Path, names) if folder.is_absolute() and folder.is_dir())
    found = (_installation(folder) for folder in folders)
    return tuple(dict.fromkeys(each for each in found if not _is_shared(each)))


def _links(program: Path) -> Iterator[Path]:
    """Yield a program and, link by link, what it is."""
    for _ in range(MOST_LINKS):
        yield program
        if not program.is_symlink():
            return
        program = program.parent / program.readlink()


def _around(program: Path) -> Path:
    """Return the folder that holds a program with what belongs to it.

    One that lies about in a folder that all share is all that there is of it.
    """
    parts = Path(os.path.normpath(program)).parts
    if MODULES in parts:
        return Path(*parts[: parts.index(MODULES) + 1])
    folder = _installation(program.parent)
    return program if _is_shared(folder) else folder


def _installation(folder: Path) -> Path:
    """Return the folder above a folder of programs, where that holds the rest of them."""
    folder = Path(os.path.normpath(folder))
    above = folder.parent
    if folder.name not in BINARIES or _is_shared(above):
        return folder
    return above if any((above / name).exists() for name in BESIDE_BINARIES) else folder


def _is_shared(folder: Path) -> bool:
    """Tell whether a folder is the root, a home, or one where everybody writes."""
    try:
        writable = folder.stat().st_mode & stat.S_ISVTX
    except OSError:
        return False
    return bool(writable) or folder == folder.parent or folder == Path.home()
