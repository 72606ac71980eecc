"""Say why a folder stands for no repository, branch or commit, and what to do about it."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import DeputizeError, GitError, InvalidInput
from deputize.git.command import Finished, Git, require_git, text, users_git

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADS = "refs/heads/"
SHORT = "--format=%(refname:lstrip=2)"
FIRST_COMMIT = "git commit --allow-empty -m start"
FACTS = ("--git-common-dir", "--is-bare-repository", "--is-inside-git-dir")


def diagnose(start: Path, target: str | None, finished: Finished) -> DeputizeError:
    """Return the error for `start` and `target`, whose call is `finished` without an answer."""
    facts = users_git(start).run("rev-parse", "--path-format=absolute", *FACTS, accept=())
    if facts.exit_code != 0:
        return _no_repository(start, facts)
    lines = text(facts.stdout).split("\n")[:-1]
    if len(lines) != len(FACTS):
        return InvalidInput("the path of the repository has a line break in it", hint="rename it")
    if lines[1:] == ["false", "true"]:
        return InvalidInput(f"{start} is inside a git directory", hint="cd to the working tree")
    if finished.exit_code == 0 or _is_broken(text(finished.stdout)):
        return _odd_head(Git(Path(lines[0])), finished)
    return _no_commit(Git(Path(lines[0])), target)


def _no_repository(start: Path, facts: Finished) -> DeputizeError:
    require_git()
    if "dubious ownership" in facts.stderr:
        return InvalidInput(
            f"git does not trust the repository at {start}: somebody else owns it",
            hint=f"git config --global --add safe.directory {start}",
        )
    if "not a git repository" in facts.stderr:
        return InvalidInput(
            f"not inside a git repository: {start}",
            hint="git init, or name one with --repo, or use --scratch",
        )
    return GitError(("rev-parse",), facts.exit_code, facts.stderr)


def _no_commit(git: Git, target: str | None) -> InvalidInput:
    branches = _branches(git)
    if target is not None:
        return _no_branch(git, target, branches)
    if not branches:
        return InvalidInput("the repository has no commits yet", hint=FIRST_COMMIT)
    return InvalidInput(
        "the branch that is checked out has no commits yet", hint=_nearest("main", branches)
    )


def _odd_head(git: Git, finished: Finished) -> InvalidInput:
    if _is_broken(text(finished.stdout)):
        return InvalidInput("the path or the branch is not valid UTF-8", hint="rename it")
    return InvalidInput(
        "HEAD is detached: no branch is checked out",
        hint=_nearest("main", _branches(git)),
        field="target",
    )


def _no_branch(git: Git, target: str, branches: Sequence[str]) -> InvalidInput:
    remote = git.line("for-each-ref", "--count=1", SHORT, f"refs/remotes/*/{target}")
    hint = f"git branch {target} {remote}" if remote else _nearest(target, branches)
    return InvalidInput(f"no branch called {target}", hint=hint, field="target")


def _branches(git: Git) -> list[str]:
    return text(git.read("for-each-ref", SHORT, HEADS)).split("\n")[:-1]


def _nearest(wanted: str, branches: Sequence[str]) -> str:
    if not branches:
        return f"the repository has no commits yet: {FIRST_COMMIT}"
    nearest = get_close_matches(wanted, branches, n=1, cutoff=0)
    return f"--target {(nearest or branches)[0]}"


def _is_broken(words: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in words)
