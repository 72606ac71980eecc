"""Our own bare repository for each repository of the user's: the mirror.

It borrows the user's objects through alternates and copies none, has no refs but ours, and is read
and written by deputize alone: agents work in git directories of their own (see `worktree`), so
what they do to configuration, hooks, branches or stashes never reaches the mirror or the user.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from deputize.git.command import BaseLost, Git, require_git
from deputize.git.objects import write_alternates

CONFIG = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[core]\n\tlogAllRefUpdates = false\n"
INCOMING = "incoming-"
"""How folders of half-written objects in a mirror begin."""
NEW = ".new-"
STALE_SECONDS = 86400
SLUG_LENGTH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Our bare repository beside one of the user's."""

    git_dir: Path
    source: Path
    """The user's git directory (the one that its worktrees share)."""
    object_format: str

    @property
    def objects(self) -> Path:
        """The folder of our own objects."""
        return self.git_dir / "objects"

    @property
    def borrowed(self) -> Path:
        """The folder of the user's objects, which the mirror borrows."""
        return self.source / "objects"

    @property
    def slug(self) -> str:
        """The name that stands for the repository in folder names."""
        return self.git_dir.name


def slug(git_dir: Path) -> str:
    """Return a short plain name for a repository: the folder's, or the bare repository's own."""
    name = git_dir.parent.name if git_dir.name == ".git" else git_dir.name.removesuffix(".git")
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain[:SLUG_LENGTH].strip("-") or "repository"


def mirror_path(home_repos: Path, git_dir: Path) -> Path:
    """Return where the mirror of the user's `git_dir` is, or would be."""
    real = git_dir.resolve()
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()
    return home_repos / f"{slug(real)}-{digest[:12]}"


def open_mirror(home_repos: Path, git_dir: Path) -> Mirror:
    """Return the mirror of the user's `git_dir`, made where there is none yet.

    Any number of processes may do so at once. Raises BaseLost where the user's repository is gone,
    ConfigError where git is missing or too old.
    """
    source, home_repos = git_dir.resolve(), home_repos.absolute()
    if not (source / "objects").is_dir():
        raise BaseLost(
            f"there is no repository at {source} any more",
            hint="move it back, or queue the task again where it is now",
        )
    object_format = _object_format(source)
    path = mirror_path(home_repos, source)
    if path.is_dir() and _object_format(path) != object_format:
        path = path.with_name(f"{path.name}-{object_format}")
    mirror = Mirror(git_dir=path, source=source, object_format=object_format)
    if not path.is_dir():
        _create(mirror)
    copy_shallow(source, path)
    return mirror


def copy_shallow(source: Path, target: Path) -> None:
    """Make the git directory `target` end its history where a shallow `source` does."""
    ours, theirs = target / "shallow", source / "shallow"
    try:
        wanted = theirs.read_bytes()
    except FileNotFoundError:
        ours.unlink(missing_ok=True)
        return
    if not ours.exists() or ours.read_bytes() != wanted:
        new = target / f"shallow.{os.getpid()}.{time.monotonic_ns()}"
        new.write_bytes(wanted)
        new.replace(ours)


def sweep(home_repos: Path) -> None:
    """Delete the half-written folders of processes that are dead, in all mirrors."""
    for left in (*home_repos.glob(f"*/{INCOMING}*"), *home_repos.glob(f"{NEW}*")):
        if is_left_behind(left):
            shutil.rmtree(left, ignore_errors=True)


def owned(prefix: str) -> str:
    """Return the beginning of a temporary folder's name that says which process it belongs to."""
    return f"{prefix}{os.getpid()}-"


def is_left_behind(folder: Path) -> bool:
    """Tell whether the process that a folder is named for is dead, or the folder a day old."""
    found = re.match(r"\D*(\d+)-", folder.name)
    try:
        if time.time() - folder.lstat().st_mtime > STALE_SECONDS or found is None:
            return True
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        # The folder has gone by itself, or the process is somebody else's: not ours to delete.
        return False
    return False


def _object_format(git_dir: Path) -> str:
    return Git(git_dir).line("rev-parse", "--show-object-format")


def _create(mirror: Mirror) -> None:
    """Make the mirror aside and move it to its place; whoever comes second throws theirs away."""
    require_git()
    home_repos = mirror.git_dir.parent
    home_repos.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=owned(NEW), dir=home_repos) as aside:
        new = Path(aside) / "mirror"
        init(new, mirror.object_format, "--bare")
        with (new / "config").open("a") as config:
            config.write(CONFIG)
        write_alternates(new / "objects", mirror.borrowed)
        _settle(new)
        try:
            new.rename(mirror.git_dir)
        except OSError:
            if not mirror.git_dir.is_dir():
                raise


def _settle(folder: Path) -> None:
    """Bring a new repository to the disk: a crash must not leave half of it behind."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def init(folder: Path, object_format: str, *words: str) -> None:
    """Make an empty repository without any template."""
    options = ("--quiet", "--template=", f"--object-format={object_format}")
    Git(None, options=("-C", str(folder.parent))).run(
        "init", *options, "--initial-branch=main", *words, str(folder)
    )
