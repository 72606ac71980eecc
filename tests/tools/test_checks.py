"""The checks of `make check` that are scripts of this repository find what they are there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import check_sizes, check_sql, check_text

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file below the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def function_of(lines: int, docstring: str = "") -> str:
    """Return the source of a function with that many lines, its docstring not counted."""
    return f"def f() -> None:\n{docstring}" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(("lines", "problems"), [(50, 0), (51, 1)])
def test_a_function_may_have_fifty_lines(tmp_path: Path, lines: int, problems: int) -> None:
    """A function of 50 lines passes and one of 51 is named."""
    write(tmp_path, "a.py", function_of(lines))
    found = check_sizes.check_folder(tmp_path)
    assert len(found) == problems
    assert all("a.py:1 f: 51 lines" in problem for problem in found)


def test_a_docstring_does_not_count(tmp_path: Path) -> None:
    """A long docstring is no reason to split a function."""
    write(tmp_path, "a.py", function_of(50, '    """One.\n\n    Two.\n    """\n'))
    assert check_sizes.check_folder(tmp_path) == []


def test_a_file_may_have_four_hundred_lines(tmp_path: Path) -> None:
    """A file of 401 lines is named, one of 400 is not."""
    write(tmp_path, "small.py", "x = 1\n" * 400)
    write(tmp_path, "large.py", "x = 1\n" * 401)
    (problem,) = check_sizes.check_folder(tmp_path)
    assert "large.py: 401 lines" in problem


def test_the_median_is_held_under_src_only(tmp_path: Path) -> None:
    """Functions of ten lines are too large to be the usual case in the product, not elsewhere."""
    write(tmp_path, "src/a.py", function_of(10))
    write(tmp_path, "tests/a.py", function_of(10))
    assert len(check_sizes.check_folder(tmp_path / "src")) == 1
    assert check_sizes.check_folder(tmp_path / "tests") == []


@pytest.mark.parametrize(
    "statement",
    [
        'x = "SELECT 1"',
        'x = """\n  select id from tasks where id = 1"""',
        'x = f"UPDATE {table} SET a = 1"',
        'run("INSERT OR IGNORE INTO tasks VALUES (1)")',
        'x = "delete from tasks"',
        'x = "WITH ready AS (SELECT 1) SELECT 2"',
        'x = "CREATE TABLE t (a)"',
    ],
)
def test_sql_in_python_is_found(tmp_path: Path, statement: str) -> None:
    """A string that is an SQL statement is refused, whatever its case and form."""
    assert list(check_sql.statements(write(tmp_path, "a.py", statement)))


@pytest.mark.parametrize(
    "text",
    ['"""SELECT is a word of SQL."""', 'x = "select by state"', 'x = "update a task and set it"'],
)
def test_prose_is_no_sql(tmp_path: Path, text: str) -> None:
    """Documentation and help may use the same words."""
    assert list(check_sql.statements(write(tmp_path, "a.py", text))) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("docs/a.md", "from https://" + "py" + "pi.org/simple"),
        ("package-lock.json", '"resolved": "https://example.invalid/a.tgz"'),
        ("requirements/dev.txt", "--find-links file:///packages"),
        ("a.py", 'HERE = "/ho' + 'me/carol/code"'),
        ("a.txt", "x \u202e y"),
    ],
)
def test_what_only_one_machine_knows_is_found(tmp_path: Path, name: str, line: str) -> None:
    """Hosts, lock file addresses, people's folders and hidden direction changes are refused."""
    path = write(tmp_path, name, f"first\n{line}\n")
    (problem,) = check_text.problems_in(path, tmp_path, check_text.rules(tmp_path))
    assert problem.startswith(f"{name}:2: ")


def test_the_place_of_the_checkout_is_found(tmp_path: Path) -> None:
    """A path into this very checkout is refused."""
    path = write(tmp_path, "a.md", f"see {tmp_path}/src\n")
    assert list(check_text.problems_in(path, tmp_path, check_text.rules(tmp_path)))


def test_ordinary_text_is_clean(tmp_path: Path) -> None:
    """Examples with placeholders, addresses of the product's own and binary files pass."""
    refused = check_text.rules(tmp_path)
    text = write(tmp_path, "a.md", "/home/you/code, https://example.org, $HOME/Users/x\n")
    binary = tmp_path / "a.bin"
    binary.write_bytes(b"\xff\xfe\x00")
    assert not [*check_text.problems_in(text, tmp_path, refused)]
    assert not [*check_text.problems_in(binary, tmp_path, refused)]


@pytest.mark.parametrize("script", ["check_sizes.py", "check_sql.py"])
def test_a_finding_ends_with_exit_code_1(tmp_path: Path, script: str) -> None:
    """The exit code is what make looks at."""
    write(tmp_path, "a.py", 'x = "SELECT 1"\n' + "y = 1\n" * 400)
    command = [sys.executable, str(ROOT / "tools" / script), str(tmp_path)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    """Setting up with an old Python fails with what to do about it."""
    old = write(
        tmp_path, "python", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1"\nexit 1\n'
    )
    old.chmod(0o755)
    command = [str(ROOT / "tools" / "make_venv"), str(old), str(tmp_path / "venv")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Python 3.11 or newer" in done.stderr
    assert "hint: name a newer one" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_quietly_shows_output_only_on_failure() -> None:
    """A step that works says one line, one that fails says everything and keeps its exit code."""
    quietly = str(ROOT / "tools" / "quietly")
    works = subprocess.run([quietly, "step", "echo", "noise"], check=True, capture_output=True)
    command = [quietly, "step", "sh", "-c", "echo noise; exit 7"]
    fails = subprocess.run(command, check=False, capture_output=True, text=True)
    assert works.stdout + works.stderr == "· step\n".encode()
    assert fails.returncode == 7
    assert "noise" in fails.stderr
