"""Paths of a change request: what any disk would take for something else is refused."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.changes.paths import folded, folders_of, problem_of
from deputize.git.command import Git, fields, raw
from deputize.git.repository import init

if TYPE_CHECKING:
    from pathlib import Path

GOOD = (
    *(
        "a",
        "a/b.py",
        "docs/caf\u00e9.md",
        ".github/workflows/ci.yml",
        ".gitignore",
        ".gitattributes",
    ),
    *(
        "a b/c",
        "...",
        "..a",
        "a..",
        ".gitx/y",
        "git/a",
        "x.git/y",
        "x" * 255,
        "\U0001f469\u200d\U0001f52c",
    ),
)
BAD = (
    *("", "/", "/etc/passwd", "a//b", "a/", "..", "../a", "a/../b", "./a", "a/./b", "a\0b", "a\nb"),
    *("a\\b", "C:/x", "c:x", "\x7f", "a\udce9", "x" * 256, "\u00e9" * 128, "a/" * 1024 + "a"),
    *(".git", ".git/config", "a/.git/hooks/post-checkout", ".GIT/config", ".gIt", ".git ", ".git."),
    *(".git . .", ".git::$INDEX_ALLOCATION", ".git:x/a", "git~1", "GIT~1/config", "a/git~2/b"),
    *(".g\u200cit", "\ufeff.git/x", ".gi\u200dt", ".git\u200e", ".\uff47it", ".g\ufe00it"),
    *(".gitmodules", ".GitModules", ".gitmodules ", "GITMOD~1", "gi7eba~1", ".gitm\u200codules"),
)
HFS_IGNORES = "\u200c\u200d\u200e\u200f\u202c\u2060\u206a\u206f\ufeff"


@pytest.mark.parametrize("path", GOOD)
def test_what_people_call_their_files_is_taken(path: str) -> None:
    """Hidden files, accents and long names among them."""
    assert problem_of(path) is None


@pytest.mark.parametrize("path", BAD)
def test_what_leads_elsewhere_is_refused_with_a_reason(path: str) -> None:
    """Out of the repository, into git's own folder, or nowhere."""
    assert problem_of(path)


@given(
    st.tuples(*(st.sampled_from([letter, letter.upper()]) for letter in "git")),
    st.tuples(*(st.text(HFS_IGNORES, max_size=2) for _ in range(5))),
    st.text(" .", max_size=3),
    st.sampled_from(["", ":", "::$INDEX_ALLOCATION", "/config", ":/x"]),
    st.sampled_from(["", "a/", "a/b/"]),
)
def test_gits_folder_is_known_in_any_dress(
    letters: tuple[str, ...], unseen: tuple[str, ...], end: str, after: str, before: str
) -> None:
    """Whatever case, unseen characters, and ends that a disk drops."""
    name = "".join(itertools.chain(*zip(unseen, (".", *letters, ""), strict=True)))
    assert problem_of(f"{before}{name}{end}{after}")


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), min_size=1, max_size=4)
)
def test_a_path_that_is_taken_stays_inside(parts: list[str]) -> None:
    """None of its parts is a step anywhere, and it is what it says."""
    path = "/".join(parts)
    if problem_of(path) is None:
        names = path.split("/")
        assert not {"", ".", ".."} & set(names)
        assert not any(name.casefold().startswith((".git/", "git~1")) for name in names)
        assert folders_of(path) == ["/".join(names[:n]) for n in range(1, len(names))]
        assert folded(path).count("/") == path.count("/")


def test_git_refuses_nothing_that_is_taken_here(tmp_path: Path) -> None:
    """Held against git itself, with the rules for all disks on."""
    git_dir = tmp_path / "repository"
    init(git_dir, "sha1", "--bare")
    options = ("-c", "core.protectHFS=true", "-c", "core.protectNTFS=true")
    git = Git(git_dir, index=tmp_path / "index", options=options)
    blob = git.line("hash-object", "-w", "--stdin", stdin=b"")
    names = [
        *(
            "".join(each)
            for each in itertools.product(
                ("", ".", "\u200c."), ("git", "GiT"), ("", ".", " ", "~1", ":x", "\u200d")
            )
        ),
        *GOOD,
        *BAD,
    ]
    taken = [name for name in names if problem_of(name) is None]
    assert set(GOOD) <= set(taken)
    # Each in a folder of its own; the last one shows that the rules are on.
    listed = [f"{number}/{name}" for number, name in enumerate([*taken, "git~1"])]
    entries = b"".join(b"100644 %s\t%s\0" % (blob.encode(), raw(path)) for path in listed)
    git.run("update-index", "-z", "--index-info", stdin=entries)
    assert sorted(fields(git.read("ls-files", "-z"))) == sorted(listed[:-1])


def test_names_are_one_where_case_and_accents_make_none_two() -> None:
    """As on the disks of most laptops."""
    assert folded("Docs/CAF\u00c9.md") == folded("docs/cafe\u0301.md")
    assert folded("stra\u00dfe") == folded("STRASSE")
    assert folded("a.") == folded("A")
    assert folded("a/b") != folded("a/c")
