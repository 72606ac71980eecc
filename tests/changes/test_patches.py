"""Patches are taken apart: what is left are lines, and no name that git would follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.changes.patches import Hunk, read_patch, written
from deputize.errors import InvalidInput
from tests.changes.requests import PATCH

HUNK = "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
HEADS = (
    "",
    "--- a/a.txt\n+++ b/a.txt\n",
    "--- a.txt\t2026-01-01\n+++ a.txt\n",
    "diff --git a/a.txt b/a.txt\nindex 123..456 100644\n--- a/a.txt\n+++ b/a.txt\n",
)
LINES = st.lists(
    st.tuples(
        st.sampled_from(" +-"),
        st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), max_size=6),
    ),
    min_size=1,
    max_size=6,
).filter(lambda lines: {mark for mark, _ in lines} not in ({" "}, {"+"}))


@pytest.mark.parametrize("head", HEADS)
def test_a_patch_may_name_its_own_file_or_none(head: str) -> None:
    """As git writes it, as diff does, and as models do."""
    (hunk,) = read_patch(head + HUNK, "a.txt")
    assert hunk == Hunk(1, 1, (" one", "-two", "+2"))
    assert (hunk.old_count, hunk.new_count) == (2, 2)


def test_a_renamed_files_patch_names_both_paths() -> None:
    """The old one and the new one, in quotes where git puts them in some."""
    head = "--- a/old.txt\n+++ b/new.txt\n"
    assert read_patch(head + HUNK, "new.txt", "old.txt")
    quoted = '--- "a/caf\\303\\251.txt"\n+++ "b/caf\\303\\251.txt"\n'
    assert read_patch(quoted + HUNK, "caf\u00e9.txt")
    with pytest.raises(InvalidInput, match=r"not a patch of 'new\.txt' alone"):
        read_patch(head + HUNK, "new.txt")


def test_counts_are_taken_from_the_lines() -> None:
    """What a hunk says of its length is not believed; an empty line is one of context."""
    (hunk,) = read_patch(
        "@@ -7,99 +7 @@ def f():\n a\n\n+b\n\\ No newline at end of file\n", "a.txt"
    )
    assert hunk.lines == (" a", " ", "+b", "\\ No newline at end of file")
    assert written((hunk,), "0").startswith("--- a/0\n+++ b/0\n@@ -7,2 +7,3 @@\n a\n \n+b\n")


BAD = (
    ("", "no hunk"),
    ("hello\n", "line 1 of it is 'hello'"),
    ("--- a/other\n+++ b/a.txt\n" + HUNK, "line 1 of it is '--- a/other'"),
    ("--- a/a.txt\n+++ b/../../etc/passwd\n" + HUNK, "line 2"),
    ("--- /dev/null\n+++ b/a.txt\n" + HUNK, "/dev/null"),
    ("diff --git a/a.txt b/.git/config\n" + HUNK, "line 1"),
    ("old mode 100644\nnew mode 120000\n" + HUNK, "old mode"),
    ("new file mode 120000\n" + HUNK, "new file mode"),
    ("rename from a.txt\nrename to b.txt\n" + HUNK, "rename from"),
    ("GIT binary patch\nliteral 3\n", "GIT binary patch"),
    (PATCH + "diff --git a/b.txt b/b.txt\n" + HUNK, "line 7 of it is 'diff --git"),
    (PATCH + "--- a/b.txt\n+++ b/b.txt\n" + HUNK, "line 7 of it is '--- a/b.txt'"),
    ("@@ @@\n-a\n", "without line numbers"),
    ("@@ -1 +1 @@\n same\n", "changes nothing"),
    ("@@ -0,0 +1 @@\n+new\n", "without a line of the file as it is"),
    ("@@ -1 +1 @@\nno mark\n", "line 2 of it is 'no mark'"),
    (f"@@ -{'9' * 30} +1 @@\n-a\n", "without line numbers"),
    ("@@ -1,3 +1,3 @@\n one\n\\ foo\n-two\n+zwei\n", "line 3 of it is '\\\\ foo'"),
    ("@@ -1 +1 @@\n-one\n\\\n+two\n", "line 3 of it is '\\\\'"),
    ("@@ -1 +1 @@\n\\ No newline at end of file\n-a\n", "line 2 of it is '\\\\ No newline"),
    ("@@ -1 +1 @@\n-a\n" + 2 * "\\ No newline at end of file\n" + "+b\n", "line 4 of it is"),
)


@pytest.mark.parametrize(("patch", "told"), BAD)
def test_what_a_patch_may_not_say_is_refused_with_its_line(patch: str, told: str) -> None:
    """Other files, modes, renames, binary content, and what is no patch at all."""
    with pytest.raises(InvalidInput) as caught:
        read_patch(patch, "a.txt")
    assert told in caught.value.message


def test_lines_that_look_like_names_are_lines() -> None:
    """A comment of SQL that goes away is no file."""
    patch = "@@ -1,2 +1,2 @@\n--- a comment\n+++ more\n x\n"
    assert read_patch(patch, "a.sql")[0].lines == ("--- a comment", "+++ more", " x")


@given(st.lists(LINES, min_size=1, max_size=3))
def test_what_is_written_is_read_again(hunks: list[list[tuple[str, str]]]) -> None:
    """The same hunks, whatever their lines hold."""
    made = [
        Hunk(10 * n + 1, 10 * n + 1, tuple(mark + text for mark, text in lines))
        for n, lines in enumerate(hunks)
    ]
    text = written(made, "7")
    try:
        found = read_patch(text, "7")
    except InvalidInput:
        # Two lines right before a hunk that could as well name another file.
        assert any(hunk.lines[-2:][0].startswith("---") for hunk in made[:-1])
    else:
        assert list(found) == made


@given(st.text(st.sampled_from("@-+ \\\n,1a/b.txdif")))
def test_any_text_is_a_patch_or_refused(text: str) -> None:
    """No text breaks the reader, and what it takes has only lines with marks."""
    try:
        hunks = read_patch(text, "a.txt")
    except InvalidInput:
        return
    assert all(line[0] in " +-\\" and "\n" not in line for hunk in hunks for line in hunk.lines)
