"""A change request is carried out on its base, or refused without a trace."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deputize.changes import carrying
from deputize.changes.carrying import carry_out
from deputize.changes.patches import read_patch, written
from deputize.changes.reading import hash_of, read_request
from deputize.errors import InvalidInput
from deputize.git.editing import PatchRefused, editing
from tests.changes.requests import HASH, PATCH, chmod, create, delete, modify, rename, request

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.git.command import Git
    from deputize.git.repository import Mirror
    from tests.fixtures.repositories import Folder

Listing = dict[str, tuple[str, str]]


def carried(mirror: Mirror, base: str, *operations: dict[str, Any]) -> Listing:
    """Carry operations out, and return each file with its mode and content."""
    with editing(mirror, base) as edit:
        tree = carry_out(edit, read_request(request(*operations)))
        git = edit.git()
        listed = git.read("ls-tree", "-r", "-z", tree).decode().split("\0")[:-1]
        git.run("fsck", "--strict", "--no-dangling", tree)
        found = (line.split("\t") for line in listed)
        return {
            path: (about[:6], _content(git, about))
            for about, path in found
            if about[7:11] == "blob"
        }


def _content(git: Git, about: str) -> str:
    return git.read("cat-file", "blob", about.split(" ")[2]).decode("utf-8", "replace")


def corrupt(line: str) -> str:
    """Return a patch with a line after the first one, which git can't read."""
    return f"--- a/1\n+++ b/1\n@@ -1,2 +1,2 @@\n one\n{line}\n-two\n+2\n"


@pytest.mark.parametrize("line", ["\\ foo", "?", "@@ -1,2 +1,2"])
def test_a_patch_that_git_can_not_read_is_refused_by_its_place(
    mirror: Mirror, project: Folder, line: str
) -> None:
    """It is the patch that is to blame, and of several the one that it is."""
    with editing(mirror, project.head()) as edit:
        blob = edit.entries()["a.txt"].object
        good = written(read_patch(PATCH, "a.txt"), "0")
        with pytest.raises(PatchRefused, match="can't be read") as caught:
            edit.patch([blob, blob], [good, corrupt(line)])
        assert caught.value.place == 1
        with pytest.raises(PatchRefused) as caught:
            edit.patch([blob, blob], [corrupt(line).replace("/1", "/0"), good.replace("/0", "/1")])
        assert caught.value.place == 0


def everything(mirror: Mirror, project: Folder) -> dict[Path, bytes]:
    """Return what every file of a repository and its mirror holds."""
    files = [file for top in (mirror.git_dir, project.path) for file in top.rglob("*")]
    return {file: file.read_bytes() for file in files if file.is_file()}


@pytest.mark.parametrize("project", ["sha1", "sha256"], indirect=True)
def test_all_operations_of_a_request_are_carried_out(mirror: Mirror, project: Folder) -> None:
    """On the base alone; what no operation names stays."""
    found = carried(
        mirror,
        project.head(),
        modify(
            patch=PATCH, before=hash_of(b"one\ntwo\nthree\n"), after=hash_of(b"one\n2\nthree\n")
        ),
        modify("b.py", content="bb\n", mode="100755"),
        create("new/deep/caf\u00e9.txt", "new"),
        create("ignored.log", "still tracked\n"),
        delete("a.py"),
        rename("src/deep/module.py", "src/module.py", patch="@@ -2 +2,2 @@\n two\n+2.5\n three\n"),
        rename("run.sh", "bin/run"),
        chmod("image.bin"),
    )
    assert found == {
        ".gitignore": ("100644", "*.log\n"),
        "a.txt": ("100644", "one\n2\nthree\n"),
        "b.py": ("100755", "bb\n"),
        "bin/run": ("100755", "echo\n"),
        "ignored.log": ("100644", "still tracked\n"),
        "image.bin": ("100755", "\0\1\2"),
        "link": ("120000", "src"),
        "new/deep/caf\u00e9.txt": ("100644", "new"),
        "outside": ("120000", "/etc"),
        "src/module.py": ("100644", "one\ntwo\n2.5\nthree\n"),
    }


def test_several_patches_are_told_apart(mirror: Mirror, project: Folder) -> None:
    """Each reaches its own file, though git gets all of them at once."""
    two = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
    found = carried(
        mirror,
        project.head(),
        modify(patch=PATCH),
        modify("src/deep/module.py", patch=two),
        modify("b.py", patch="@@ -1 +1 @@\n-b\n+B\n\\ No newline at end of file\n"),
    )
    assert found["a.txt"][1] == "one\n2\nthree\n"
    assert found["src/deep/module.py"][1] == "one\nTWO\nthree\n"
    assert found["b.py"][1] == "B"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_patch_makes_of_the_old_file_the_new_one(
    mirror: Mirror, project: Folder, data: st.DataObject
) -> None:
    """With any lines, however many of them are context, and several files at once."""
    lines = st.lists(st.sampled_from(["a\n", "b\n", "\n", "--- x\n", "+++ y\n", "\\\n", "@@\n"]))
    pairs = data.draw(st.lists(st.tuples(lines.filter(bool), lines), min_size=1, max_size=3))
    changed = [(old, new) for old, new in pairs if old != new]
    context = data.draw(st.integers(1, 3))
    if not changed:
        return
    with editing(mirror, project.head()) as edit:
        blobs = edit.write(["".join(old).encode() for old, _ in changed])
        patches = [
            written(read_patch("".join(diff(old, new, context)), "x"), str(place))
            for place, (old, new) in enumerate(changed)
        ]
        found = [edit.content(blob).decode() for blob in edit.patch(blobs, patches)]
    assert found == ["".join(new) for _, new in changed]


def diff(old: list[str], new: list[str], context: int) -> list[str]:
    """Write a patch as `diff` does, without the names that lines could be taken for."""
    return list(unified_diff(old, new, n=context))[2:]


def test_files_and_folders_may_change_places(mirror: Mirror, project: Folder) -> None:
    """A file gives way to a folder, a folder to a file, a link to either, and case to case."""
    found = carried(
        mirror,
        project.head(),
        delete("a.py"),
        create("a.py/b/c", "x"),
        delete("src/deep/module.py"),
        create("src", "y"),
        delete("link"),
        create("link/z", "z"),
        rename("b.py", "B.py"),
    )
    assert found["a.py/b/c"] == ("100644", "x")
    assert found["src"] == ("100644", "y")
    assert found["link/z"] == ("100644", "z")
    assert "b.py" not in found
    assert found["B.py"] == ("100644", "b\n")


REFUSED = (
    ((create("a.txt"),), 'operations[0].path: "a.txt" is there already'),
    ((create("src"),), 'operations[0].path: "src" is a folder'),
    ((create("a.txt/b"),), 'leads through "a.txt", which is a file'),
    ((create("link/x"),), 'leads through "link", which is a link'),
    ((create("outside/passwd"),), 'leads through "outside", which is a link'),
    ((create("sub/x"),), 'leads through "sub", which is a submodule'),
    ((modify("outside/passwd", content="x"),), 'leads through "outside", which is a link'),
    ((modify("link", content="x"),), '"link" is a link, and no file'),
    ((modify("sub", content="x"),), '"sub" is a submodule, and no file'),
    ((delete("sub"),), '"sub" is a submodule, and no file'),
    ((rename("link", "l"),), 'operations[0].from: "link" is a link'),
    ((rename("a.txt", "link/a"),), 'leads through "link", which is a link'),
    ((rename("a.txt", "b.py"),), '"b.py" is there already'),
    ((chmod("link"),), '"link" is a link, and no file'),
    ((modify("none", content="x"),), 'operations[0].path: there is no file "none" in the base'),
    ((delete("src"),), '"src" is a folder: name its files'),
    ((create("A.txt"),), '"A.txt" and "a.txt" are one file'),
    ((create("SRC/x"),), '"SRC" and "src" are one file'),
    ((create("new"), rename("a.txt", "src/DEEP/x")), 'operations[1].path: "src/DEEP" and "deep"'),
    ((create("x"), modify(content="x", before=HASH)), "operations[1].before: the file's hash in"),
    ((delete(before=HASH),), "operations[0].before: the file's hash in the base is sha256:"),
    ((modify(patch=PATCH, after=HASH),), "operations[0].after: the patched file's hash is sha256:"),
    (
        (create("x"), modify("b.py", content="x"), modify(patch=PATCH.replace("two", "2"))),
        "operations[2].patch: does not apply to the file",
    ),
    (
        (modify("b.py", patch="@@ -1 +1 @@\n-b\n+c\n"), modify(patch=PATCH.replace("one", "1"))),
        "operations[1].patch: does not apply",
    ),
    (
        (create("x"), modify(patch="@@ -1,3 +1,3 @@\n one\n\\ foo\n-two\n+zwei\n three\n")),
        "operations[1].patch: ",
    ),
    (
        (modify("image.bin", patch="@@ -1 +1 @@\n-a\n+b\n"),),
        "operations[0].patch: the file is binary",
    ),
    ((modify(content="one\ntwo\nthree\n"),), "the change request changes nothing"),
    ((chmod("run.sh"), modify("b.py", content="b\n")), "the change request changes nothing"),
)


def test_what_does_not_fit_the_base_is_refused_without_a_trace(
    mirror: Mirror, project: Folder
) -> None:
    """The operation is named, and neither the repository nor the mirror has anything of it."""
    base, before = project.head(), everything(mirror, project)
    for operations, told in REFUSED:
        with pytest.raises(InvalidInput) as caught:
            carried(mirror, base, *operations)
        assert told in caught.value.message
        assert caught.value.hint
    assert everything(mirror, project) == before


def test_a_file_that_is_too_long_is_not_read(
    mirror: Mirror, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To be patched or hashed; it can still be replaced."""
    monkeypatch.setattr(carrying, "READ_BYTES", 10)
    with pytest.raises(InvalidInput, match="has 14 bytes in the base, the most that is read is 10"):
        carried(mirror, project.head(), modify(patch=PATCH))
    assert carried(mirror, project.head(), modify(content="x"))["a.txt"] == ("100644", "x")
