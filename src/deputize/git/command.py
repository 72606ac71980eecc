"""Run git so that nothing but the call itself decides what happens.

Every call has hooks, file-system monitors, signing, editors, prompts, paging and automatic upkeep
switched off, speaks English, and knows nothing of the `GIT_*` variables it was started under.
There are two ways of calling:

- `Git(git_dir)` names a repository by its git directory. Neither the user's nor the system's
  configuration is read, so no filter, alias or include of theirs can run.
- `users_git(folder)` works in a folder of the user's, with the user's configuration: line endings,
  filters such as LFS, excludes and `safe.directory` are theirs to decide in their own checkout.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import ConfigError, GitError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import IO

OLDEST = (2, 38)
"""The oldest git that will do: `merge-tree --write-tree` and `cat-file -z` came with it."""
TIMEOUT_SECONDS = 120.0
CHECKOUT_TIMEOUT_SECONDS = 1800.0
"""For calls that write or read a whole working tree."""

OPTIONS = tuple(
    word
    for setting in (
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.fsync=all",
        "core.editor=true",
        "commit.gpgSign=false",
        "tag.gpgSign=false",
        "gc.auto=0",
        "maintenance.auto=false",
        "submodule.recurse=false",
    )
    for word in ("-c", setting)
)
FIXED = {
    "LC_ALL": "C",
    "LANGUAGE": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_PAGER": "cat",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_AUTHOR_NAME": "deputize",
    "GIT_AUTHOR_EMAIL": "deputize@localhost",
    "GIT_COMMITTER_NAME": "deputize",
    "GIT_COMMITTER_EMAIL": "deputize@localhost",
}
CLEAN = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
}
USERS_OWN = ("GIT_CONFIG_", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
HINTS = (
    ("dubious ownership", "git config --global --add safe.directory FOLDER"),
    ("No space left on device", "free some disk space, then try again"),
    ("Disk quota exceeded", "free some disk space, then try again"),
    (".lock': File exists", "another git process is at work there, or left its lock behind"),
)


class Finished(NamedTuple):
    """How a call ended: exit code, all of stdout, stderr as text."""

    exit_code: int
    stdout: bytes
    stderr: str


class BaseLost(GitError):
    """The repository, or the commit that a task starts from, is gone."""

    code = "base_lost"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the `message` for people as it is."""
        super().__init__(("cat-file",), 1, message, hint=hint)
        self.message = message
        self.args = (message,)


class Git:
    """One repository and one way of calling git in it."""

    __slots__ = ("environment", "git_dir", "options")

    def __init__(
        self,
        git_dir: Path | None,
        *,
        work_tree: Path | None = None,
        index: Path | None = None,
        objects: Path | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        """Call git on `git_dir`, without the user's configuration.

        `work_tree` is the folder whose files are meant, `index` a file used as the index,
        `objects` a folder that new objects are written to, `options` more words before the verb.
        """
        self.git_dir = git_dir
        at = work_tree or git_dir
        self.options = (*(("-C", str(at)) if at else ()), *OPTIONS, *options)
        self.environment = _environment(
            GIT_DIR=git_dir,
            GIT_WORK_TREE=work_tree,
            GIT_INDEX_FILE=index,
            GIT_OBJECT_DIRECTORY=objects,
        )

    def start(
        self,
        *words: str,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        own_session: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start git and return its process. Raises ConfigError where there is no git."""
        try:
            return subprocess.Popen(
                ("git", *self.options, *words),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=self.environment,
                start_new_session=own_session,
            )
        except (FileNotFoundError, PermissionError) as exc:
            raise ConfigError(
                "git is not installed", hint=f"install git {_oldest()} or newer"
            ) from exc

    def run(
        self,
        *words: str,
        stdin: bytes | IO[bytes] | None = None,
        stdout: int | IO[bytes] = subprocess.PIPE,
        accept: Collection[int] = (0,),
        timeout_seconds: float = TIMEOUT_SECONDS,
        own_session: bool = False,
    ) -> Finished:
        """Run git to its end. Raises GitError for exit codes not in `accept` (empty: takes any)."""
        source = subprocess.PIPE if isinstance(stdin, bytes) else stdin or subprocess.DEVNULL
        with self.start(*words, stdin=source, stdout=stdout, own_session=own_session) as process:
            payload = stdin if isinstance(stdin, bytes) else None
            finished = _finish(process, words, payload, timeout_seconds)
        if accept and finished.exit_code not in accept:
            raise failure(words, finished)
        return finished

    def read(self, *words: str, stdin: bytes | None = None) -> bytes:
        """Run git and return its stdout. Raises GitError where it fails."""
        return self.run(*words, stdin=stdin).stdout

    def line(self, *words: str, stdin: bytes | None = None) -> str:
        """Run git and return the one line that it prints, without its end."""
        return text(self.read(*words, stdin=stdin)).removesuffix("\n")

    def agrees(self, *words: str) -> bool:
        """Ask git a question that it answers by exit code 0 (yes) or 1 (no)."""
        return self.run(*words, accept=(0, 1)).exit_code == 0


def users_git(folder: Path, **variables: Path) -> Git:
    """Call git in a `folder` of the user's, with the user's configuration.

    `variables` (such as `GIT_INDEX_FILE`) are set in git's environment.
    """
    git = Git(None, options=("-C", str(folder)))
    for name in CLEAN:
        git.environment.pop(name, None)
    for name, value in os.environ.items():
        if name.startswith(USERS_OWN):
            git.environment[name] = value
    git.environment.update({name: str(value) for name, value in variables.items()})
    return git


def require_git() -> tuple[int, int]:
    """Return the version of git. Raises ConfigError where it is missing or older than `OLDEST`."""
    words = Git(None).line("version").split()
    numbers = words[2].split(".") if len(words) > 2 else []  # noqa: PLR2004
    try:
        version = (int(numbers[0]), int(numbers[1]))
    except (IndexError, ValueError) as exc:
        raise ConfigError("git does not tell its version", hint="git version") from exc
    if version < OLDEST:
        found = ".".join(map(str, version))
        raise ConfigError(f"git {found} is too old", hint=f"install git {_oldest()} or newer")
    return version


def is_out_of_disk(error: GitError) -> bool:
    """Tell whether git failed because the disk, or the user's share of it, is full."""
    return "No space left on device" in error.stderr or "Disk quota exceeded" in error.stderr


def failure(words: tuple[str, ...], finished: Finished) -> GitError:
    """Make the error of a call that failed, with a hint where the cause is a known one."""
    hint = next((hint for needle, hint in HINTS if needle in finished.stderr), None)
    return GitError(words, finished.exit_code, finished.stderr, hint=hint)


def text(raw: bytes) -> str:
    """Turn what git printed into text; bytes that aren't UTF-8 survive as lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def raw(words: str) -> bytes:
    """Turn text from `text` back into the bytes it was."""
    return words.encode("utf-8", "surrogateescape")


def fields(output: bytes) -> list[str]:
    """Split the output of a `-z` format into its fields."""
    return [text(field) for field in output.split(b"\0")[:-1]]


def zipped(paths: Collection[str]) -> bytes:
    """Join paths for a command that reads them NUL-terminated from stdin."""
    return b"".join(raw(path) + b"\0" for path in paths)


def _finish(
    process: subprocess.Popen[bytes], words: tuple[str, ...], payload: bytes | None, seconds: float
) -> Finished:
    try:
        stdout, stderr = process.communicate(payload, timeout=seconds)
    except subprocess.TimeoutExpired as exc:
        process.kill()
        raise GitError(words, -9, f"no answer within {seconds:g} s") from exc
    except BaseException:
        process.kill()
        raise
    return Finished(process.returncode, stdout or b"", (stderr or b"").decode("utf-8", "replace"))


def _environment(**variables: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    given = {name: str(value) for name, value in variables.items() if value is not None}
    return kept | FIXED | CLEAN | given


def _oldest() -> str:
    return ".".join(map(str, OLDEST))
