"""Find out which repository, branch and commit a folder stands for.

On the hot path of `add`: one git process where all is well, more only to say what is wrong.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput
from deputize.git.command import Git, text, users_git
from deputize.git.refs import branch_name, pin, unpin

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Location",
    "StatusRun",
    "locate",
    "pin",
    "read_blob",
    "read_blobs",
    "resolve",
    "start_status",
    "unpin",
]

BLOB_BYTES = 1 << 20
"""The longest file that `read_blob` takes unless told: 1 MiB."""
STATUS_TIMEOUT_SECONDS = 2.0
HEADS = "refs/heads/"
REV_PARSE = (
    "rev-parse",
    "--path-format=absolute",
    "--git-common-dir",
    "--is-bare-repository",
    "--is-inside-git-dir",
)


# No dataclass: importing those costs more than all else that `add` needs of this room.
class Location(NamedTuple):
    """Where a task would start."""

    checkout: Path | None
    """The top of the working tree; None for a bare repository."""
    git_dir: Path
    """The git directory that all worktrees of the repository share."""
    target: str
    """The short name of the branch."""
    base: str
    """The commit at the branch's tip."""


def locate(start: Path, target: str | None = None) -> Location:
    """Find the nearest repository at or above `start`, and the tip of `target` in it.

    Without `target` it is the branch that is checked out (in a bare repository, its HEAD's).
    Raises InvalidInput, with a hint, where there is no such repository, branch or commit.
    """
    if not start.is_dir():
        raise InvalidInput(f"no such folder: {start}", hint="name a folder that exists with --repo")
    short = None if target is None else branch_name(target)
    wanted = ("HEAD^{commit}", "--symbolic-full-name", "HEAD")
    if short is not None:
        wanted = (f"{HEADS}{short}^{{commit}}", "--symbolic-full-name", HEADS + short)
    git = users_git(start)
    finished = git.run(*REV_PARSE, *wanted, "--show-toplevel", accept=())
    lines = text(finished.stdout).split("\n")[:-1]
    bare = len(lines) > 1 and lines[1] == "true"
    complete = len(lines) == (5 if bare else 6) and lines[4].startswith(HEADS)
    if complete and (bare or finished.exit_code == 0) and _storable(lines):
        return _location(lines, bare=bare)
    from deputize.git.diagnosis import diagnose

    raise diagnose(start, short, finished)


def common_dir(start: Path) -> Path | None:
    """Return the git directory that all checkouts of the repository at `start` share, if any."""
    if not start.is_dir():
        return None
    words = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    finished = users_git(start).run(*words, accept=())
    return Path(text(finished.stdout).removesuffix("\n")) if finished.exit_code == 0 else None


def resolve(location: Location, name: str) -> str:
    """Return the commit that `name` (an id, a branch, a tag, `main~2`) stands for.

    Raises InvalidInput where the repository has no such commit.
    """
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if "\0" not in name:
        finished = users_git(location.checkout or location.git_dir).run(*words, accept=())
        if finished.exit_code == 0:
            return text(finished.stdout).strip()
    raise InvalidInput(f"no commit called {name!r}", hint="git log --oneline")


def read_blob(git_dir: Path, commit: str, path: str, *, limit: int = BLOB_BYTES) -> bytes | None:
    """Return the content of the file `path` in `commit`; None where there is no such file.

    Raises InvalidInput where it is longer than `limit` bytes.
    """
    return read_blobs(git_dir, commit, (path,), limit=limit)[0]


def read_blobs(
    git_dir: Path, commit: str, paths: Sequence[str], *, limit: int = BLOB_BYTES
) -> list[bytes | None]:
    """Return the content of several files in `commit`, as `read_blob` does, by one process."""
    questions = (f"{commit}:{path}".encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    with Git(git_dir).start("cat-file", "--batch", "-z", stdin=subprocess.PIPE) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes
        assert stdout is not None  # noqa: S101
        stdin.write(b"".join(questions))
        stdin.close()
        try:
            return [_next_blob(stdout, path, limit) for path in paths]
        finally:
            process.kill()


def _next_blob(stdout: IO[bytes], path: str, limit: int) -> bytes | None:
    header = stdout.readline().split()
    if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004
        return None
    size = int(header[2])
    if size > limit:
        raise InvalidInput(f"{path} is {size} bytes long, at most {limit} are read")
    content: bytes = stdout.read(size + 1)
    return content[:-1]


class StatusRun:
    """A `git status` under way, to be counted later."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take over `process`."""
        self._process = process

    def finish(self, timeout_seconds: float = STATUS_TIMEOUT_SECONDS) -> int | None:
        """Return how many files aren't committed; None where git failed or took too long."""
        with self._process as process:
            try:
                stdout, _ = process.communicate(timeout=timeout_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return None
        return stdout.count(b"\0") if process.returncode == 0 else None


def start_status(checkout: Path) -> StatusRun:
    """Begin to count what isn't committed in `checkout`: an untracked folder counts once."""
    words = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal")
    git = users_git(checkout)
    return StatusRun(git.start(*words, "--ignore-submodules=all", stderr=subprocess.DEVNULL))


def _location(lines: list[str], *, bare: bool) -> Location:
    return Location(
        checkout=None if bare else Path(lines[5]),
        git_dir=Path(lines[0]),
        target=lines[4].removeprefix(HEADS),
        base=lines[3],
    )


def _storable(lines: list[str]) -> bool:
    try:
        "".join(lines).encode()
    except UnicodeEncodeError:
        return False
    return True
