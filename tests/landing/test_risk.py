"""How risky a change is, and why."""

from __future__ import annotations

import pytest

from deputize.landing.risk import assess, is_in_scope
from deputize.model.change import FileChange, Operation


def touching(*paths: str) -> list[FileChange]:
    """Make modified files."""
    return [FileChange(path=path, op=Operation.MODIFY, added=1) for path in paths]


GUARDED = (
    (".github/workflows/ci.yml", "continuous integration"),
    (".gitlab-ci.yml", "continuous integration"),
    (".circleci/config.yml", "continuous integration"),
    ("Jenkinsfile", "continuous integration"),
    (".ci/run", "continuous integration"),
    ("deputize.toml", "deputize itself"),
    (".worktreeinclude", "deputize itself"),
    (".gitmodules", "what git obeys"),
    ("deep/er/.gitattributes", "what git obeys"),
    ("package.json", "programs are installed"),
    ("web/package.json", "programs are installed"),
    ("web/package-lock.json", "programs are installed"),
    ("pnpm-lock.yaml", "programs are installed"),
    ("libs/a/pyproject.toml", "programs are installed"),
    ("requirements-dev.txt", "programs are installed"),
    ("services/x/go.mod", "programs are installed"),
    ("Cargo.lock", "programs are installed"),
    ("app/migrations/0001_x.sql", "database's shape"),
    ("migrations/0001_x.sql", "database's shape"),
)
PLAIN = (
    *("README.md", "src/a.py", "docs/.github.md", "my.github/x", "src/deputize.toml.md"),
    *("packages.json", "deep/deputize.toml", "src/migrations.py", "lock", "tests/Jenkinsfiles/x"),
)


@pytest.mark.parametrize(("path", "meaning"), GUARDED)
def test_a_path_that_decides_much_is_high_risk_and_says_why(path: str, meaning: str) -> None:
    """Wherever it stands in the tree, if it means the same there."""
    risk, (reason,) = assess(touching("README.md", path), ())
    assert risk == "high"
    assert meaning in reason
    assert path in reason


def test_plain_files_are_low_risk() -> None:
    """Names that only look like a guarded one don't bother anybody."""
    assert assess(touching(*PLAIN), ()) == ("low", ())
    assert assess([], ()) == ("low", ())


def test_the_old_path_of_a_rename_counts_too() -> None:
    """Moving a workflow away is as risky as changing it."""
    moved = FileChange(path="attic/ci.yml", op=Operation.RENAME, source=".github/workflows/ci.yml")
    assert assess([moved], ())[0] == "high"
    assert assess([moved], ("attic",))[1][-1] == (
        "outside the task's scope: .github/workflows/ci.yml"
    )


@pytest.mark.parametrize(
    ("part", "inside", "outside"),
    [
        ("src", ("src", "src/a.py", "src/deep/b.py"), ("srcs/a.py", "a/src/b.py", "SRC/a.py")),
        ("src/", ("src/a.py",), ("srcs/a.py",)),
        ("./src//a.py", ("src/a.py",), ("src/a.pyc", "src/b.py")),
        ("*.md", ("README.md",), ("a.py",)),
        ("app/[id].tsx", ("app/[id].tsx",), ("app/[ix].tsx",)),
    ],
)
def test_a_scope_is_a_file_a_folder_or_a_pattern(
    part: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    """A folder holds all below it, and nothing whose name only begins alike."""
    assert all(is_in_scope(path, part) for path in inside)
    assert not any(is_in_scope(path, part) for path in outside)


def test_what_is_outside_the_scope_is_named() -> None:
    """Three by name and then a count, so that the line stays a line."""
    files = touching("src/a.py", "b", "c", "d", "e", "f")
    assert assess(files, ("src", "docs"))[1] == ("outside the task's scope: b, c, d and 2 more",)
    assert assess(files, ()) == ("low", ())


def test_size_counts_from_its_bars_on() -> None:
    """A thousand lines, fifty files, ten deletions are fine; one more of each is not."""
    lines = FileChange(path="a", op=Operation.MODIFY, added=600, removed=400)
    assert assess([lines], ())[0] == "low"
    assert assess([lines, *touching("b")], ())[1] == ("1001 lines changed",)
    assert assess(touching(*map(str, range(50))), ())[0] == "low"
    assert assess(touching(*map(str, range(51))), ())[1] == ("51 files changed",)
    gone = [FileChange(path=str(number), op=Operation.DELETE) for number in range(11)]
    assert assess(gone[:10], ())[0] == "low"
    assert assess(gone, ())[1] == ("11 files deleted",)


def test_links_and_submodules_are_named() -> None:
    """Both can make a path stand for something that nobody reviewed."""
    link = FileChange(path="l", op=Operation.CREATE, mode="120000")
    inner = FileChange(path="vendor/x", op=Operation.MODIFY, mode="160000")
    plain = FileChange(path="run.sh", op=Operation.CHMOD, mode="100755")
    assert assess([link, inner, plain], ())[1] == ("symbolic links: l", "submodules: vendor/x")


def test_every_reason_is_told() -> None:
    """A person who is asked sees all of them at once."""
    files = [
        *touching(".github/x", "go.mod"),
        FileChange(path="x", op=Operation.CREATE, added=2000),
    ]
    risk, reasons = assess(files, ("src",))
    assert (risk, len(reasons)) == ("high", 4)
