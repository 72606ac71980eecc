"""What a line for a shell runs: each program, however it is written, or that nobody can tell."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.gate.commands import begins, read_line

if TYPE_CHECKING:
    from pathlib import Path

PLAIN: tuple[tuple[str, list[tuple[str | None, ...]]], ...] = (
    ("git status -s", [("git", "status", "-s")]),
    (
        "git status | tee out && pytest 'a b'",
        [("git", "status"), ("tee", "out"), ("pytest", "a b")],
    ),
    ("a;b&c||d", [("a",), ("b",), ("c",), ("d",)]),
    ("a\nb", [("a",), ("b",)]),
    ("g\"i\"t stat'us'", [("git", "status")]),
    ("g\\it st\\ atus", [("git", "st atus")]),
    ('echo "a\\"b" c', [("echo", 'a"b', "c")]),
    ("(cd x && make)", [("cd", "x"), ("make",)]),
    ("! grep x y", [("grep", "x", "y")]),
    ('for f in *; do rm -rf "$f"; done', [("rm", "-rf", None)]),
    ("if true; then a; else b; fi", [("true",), ("a",), ("b",)]),
    ("echo $(id -u)", [("echo", None), ("id", "-u")]),
    ("echo `id -u`", [("echo", None), ("id", "-u")]),
    ('echo "x $(rm y)"', [("echo", None), ("rm", "y")]),
    ("ls *.py $HOME ~/x", [("ls", None, None, None)]),
    ("bash -lc 'pytest -q; ls'", [("pytest", "-q"), ("ls",)]),
    ("/bin/sh -c \"sh -c 'git push'\"", [("git", "push")]),
    ("pytest 2>&1 # a remark", [("pytest",)]),
    ("", []),
)
DOUBTFUL = (
    *("FOO=1 ls", "PATH=/tmp", "export A=b", "f() { ls; }; f", "$X a", "`which ls` a", "${X} a"),
    *("cat <<EOF\n$(rm x)\nEOF", "diff <(ls a) b", "tee >(rm x)", "echo $'\\x41'", "if ; then"),
    *("ls \\\n -l", "ls\x00-l", "ls\r-l", "ls\x1b", "echo ${X:-$(rm y)}", "a=(1 2)", "echo 'open"),
    *("case x in y) ls;; esac", "l?s x", "{ls,-l}", "ls &&", "unset X", "~/x", "[ -f $(rm x"),
)


@pytest.mark.parametrize(("text", "programs"), PLAIN)
def test_each_program_of_a_plain_line_is_known(
    text: str, programs: list[tuple[str | None, ...]]
) -> None:
    """Of pipes, lists, blocks and substitutions, with words as the program gets them."""
    line = read_line(text)
    assert line.doubt is None
    assert list(line.programs) == programs


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_line_that_a_shell_may_read_otherwise_is_not_plain(text: str) -> None:
    """Variables that change what runs, names that only a shell knows, odd characters, errors."""
    assert read_line(text).doubt


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a > x", ("x",)),
        ("a >> 'x y' 2>z", ("x y", "z")),
        ("a &> x", ("x",)),
        ("a >| $X", (None,)),
        ("a 2>&1 >&2", ()),
        ("a < x", ()),
    ],
)
def test_files_that_output_goes_to_are_known(text: str, written: tuple[str | None, ...]) -> None:
    """Another descriptor is no file."""
    assert read_line(text).written == written


def test_what_a_program_runs_for_another_is_seen() -> None:
    """Behind `sudo`, `env`, `xargs` and their like any word may be the program."""
    found = list(read_line("sudo -u x env A=1 git push").unwrapped)
    assert ("git", "push") in found
    assert ("push",) in found
    assert list(read_line("git env push").unwrapped) == [("git", "env", "push")]


def test_words_begin_with_wanted_words_not_letters() -> None:
    """`git stat` is not the beginning of `git status`, and what nobody knows fits nothing."""
    assert begins(("git", "status", "-s"), ("git", "status"))
    assert begins(("npm", "run", "test:unit"), ("npm", "run", "test:*"))
    assert not begins(("git", "status"), ("git", "stat"))
    assert not begins(("git",), ("git", "status"))
    assert not begins(("git", None), ("git", "*"))


def test_a_line_without_end_is_not_read() -> None:
    """Its length is bounded before it is parsed."""
    assert read_line("ls " + "a" * 200_000).doubt
    assert not read_line("ls " + "a" * 200_000).programs


LETTERS = st.text(alphabet="ab '\"\\$`;|&<>(){}[]*?!#~=\n\t-", max_size=30)


@given(LETTERS)
def test_no_line_that_is_plain_runs_what_was_not_named(tmp_path_factory, text: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - pytest's own type is not public
    """A real bash runs, of a plain line, only the programs whose names were read."""
    line = read_line(text)
    if line.doubt is None:
        ran = _run(text, tmp_path_factory.mktemp("bash"))
        assert ran <= {words[0] for words in line.programs if words}


def _run(text: str, folder: Path) -> set[str]:
    """Return the names of the programs that bash looks for when it runs a line."""
    for name in ("a", "b", "ab", "ba", "aa", "bb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {name} >> {folder}/ran\n")
        program.chmod(0o700)
    work = folder / "work"
    work.mkdir()
    subprocess.run(
        ["/bin/bash", "-c", text],
        cwd=work,
        env={"PATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=20,
    )
    ran = folder / "ran"
    return set(ran.read_text().split()) if ran.exists() else set()
