"""How risky a change is: pure, by rules that say why."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deputize.model.change import Operation
from deputize.showing import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.model.change import FileChange

LARGE_LINES = 1000
MANY_FILES = 50
MANY_DELETIONS = 10
NAMED = 3
"""How many paths a reason names before it counts."""

_GUARDED = {
    "what continuous integration runs": (
        ".github/*", ".gitlab-ci.yml", ".circleci/*", ".ci/*", ".travis.yml", "Jenkinsfile",
        "azure-pipelines.yml", "bitbucket-pipelines.yml",
    ),
    "what deputize itself obeys": ("deputize.toml", ".worktreeinclude"),
    "what git obeys": (".gitattributes", ".gitmodules"),
    "which programs are installed": (
        "*.lock", "*-lock.json", "*-lock.yaml", "npm-shrinkwrap.json", "requirements*.txt",
        "package.json", "pyproject.toml", "setup.py", "setup.cfg", "go.mod", "go.sum",
        "Cargo.toml", "Gemfile", "pom.xml",
    ),
    "the database's shape": ("migrations/*",),
}  # fmt: skip
"""Paths for which a person is asked, by what they decide."""
_ANYWHERE = frozenset({"what git obeys", "which programs are installed", "the database's shape"})
"""Those that mean the same in every folder."""


def assess(files: Iterable[FileChange], scope: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return `low` or `high`, and the reasons for `high`."""
    listed = list(files)
    reasons = [*_guarded(listed), *_outside(listed, scope), *_sizes(listed), *_modes(listed)]
    return ("high" if reasons else "low"), tuple(reasons)


def _paths(files: Iterable[FileChange]) -> list[str]:
    return [path for file in files for path in (file.path, file.source) if path]


def _guarded(files: list[FileChange]) -> list[str]:
    paths = _paths(files)
    found = []
    for meaning, patterns in _GUARDED.items():
        anywhere = tuple(f"*/{pattern}" for pattern in patterns if meaning in _ANYWHERE)
        wanted = patterns + anywhere
        hit = [path for path in paths if any(fnmatchcase(path, pattern) for pattern in wanted)]
        if hit:
            found.append(f"changes {meaning}: {_some(hit)}")
    return found


def _outside(files: list[FileChange], scope: tuple[str, ...]) -> list[str]:
    if not scope:
        return []
    outside = [path for path in _paths(files) if not any(is_in_scope(path, part) for part in scope)]
    return [f"outside the task's scope: {_some(outside)}"] if outside else []


def is_in_scope(path: str, part: str) -> bool:
    """Tell whether a path is a scope's file, below its folder, or matches its pattern."""
    wanted = posixpath.normpath(part)
    return wanted in {".", path} or path.startswith(wanted + "/") or fnmatchcase(path, wanted)


def _sizes(files: list[FileChange]) -> list[str]:
    lines = sum(file.added + file.removed for file in files)
    deleted = [file.path for file in files if file.op is Operation.DELETE]
    reasons = []
    if lines > LARGE_LINES:
        reasons.append(f"{lines} lines changed")
    if len(files) > MANY_FILES:
        reasons.append(f"{len(files)} files changed")
    if len(deleted) > MANY_DELETIONS:
        reasons.append(f"{len(deleted)} files deleted")
    return reasons


def _modes(files: list[FileChange]) -> list[str]:
    links = [file.path for file in files if file.mode == "120000"]
    inner = [file.path for file in files if file.mode == "160000"]
    reasons = [f"symbolic links: {_some(links)}"] if links else []
    return [*reasons, f"submodules: {_some(inner)}"] if inner else reasons


def _some(paths: list[str]) -> str:
    shown, more = ", ".join(map(shown_name, paths[:NAMED])), len(paths) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
