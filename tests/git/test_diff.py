"""What lies between two commits, file by file and as a patch."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from deputize.errors import GitError
from deputize.git.diff import diff_text, file_changes
from deputize.model.change import FileChange, Operation
from tests.fixtures.repositories import Folder, make_project


def digest(content: bytes) -> str:
    """Return a content's hash as changes name it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def changes(project: Folder, base: str) -> dict[str, FileChange]:
    """Commit all there is and return the changes since `base` by path."""
    head = project.commit()
    return {change.path: change for change in file_changes(project.git_dir, base, head)}


def test_each_operation_has_its_hashes_and_lines(project: Folder) -> None:
    """Create, modify, delete, rename and chmod, each told once."""
    long = "".join(f"line {n}\n" for n in range(50))
    base = project.commit(long__txt=long)
    project.write("a.py", "a\nmore\n")
    project.write("new.txt", "n\n")
    (project.path / "b.py").unlink()
    (project.path / "long.txt").rename(project.path / "moved.txt")
    (project.path / "src/deep/module.py").chmod(0o755)
    found = changes(project, base)
    assert {path: change.op for path, change in found.items()} == {
        "a.py": Operation.MODIFY,
        "b.py": Operation.DELETE,
        "moved.txt": Operation.RENAME,
        "new.txt": Operation.CREATE,
        "src/deep/module.py": Operation.CHMOD,
    }
    modified = found["a.py"]
    assert (modified.before, modified.after) == (digest(b"a\n"), digest(b"a\nmore\n"))
    assert (modified.added, modified.removed, modified.mode) == (1, 0, "100644")
    assert (found["b.py"].before, found["b.py"].after) == (digest(b"b\n"), None)
    assert (found["b.py"].removed, found["b.py"].mode) == (1, None)
    assert found["moved.txt"].source == "long.txt"
    assert found["moved.txt"].before == found["moved.txt"].after == digest(long.encode())
    assert (found["new.txt"].before, found["new.txt"].after) == (None, digest(b"n\n"))
    assert found["src/deep/module.py"].mode == "100755"


def test_binary_files_links_and_renames_with_edits(project: Folder) -> None:
    """Binary content has no lines; a link's content is its target; edited renames count."""
    long = "".join(f"line {n}\n" for n in range(50))
    base = project.commit(long__txt=long)
    project.write("image.bin", b"\0\1\2")
    (project.path / "a.py").unlink()
    (project.path / "a.py").symlink_to("/etc/passwd")
    (project.path / "long.txt").unlink()
    project.write("sub/long.txt", long + "one more\n")
    found = changes(project, base)
    assert (found["image.bin"].binary, found["image.bin"].added) == (True, 0)
    assert found["image.bin"].after == digest(b"\0\1\2")
    assert (found["a.py"].op, found["a.py"].mode) == (Operation.MODIFY, "120000")
    assert found["a.py"].after == digest(b"/etc/passwd")
    assert (found["sub/long.txt"].source, found["sub/long.txt"].added) == ("long.txt", 1)


@pytest.mark.parametrize(
    "name", [b"new\nline", b'quo"te', b"-x", b"\xff\xfe", b":raw", b"tab\there"]
)
def test_paths_are_bytes_that_survive(project: Folder, name: bytes) -> None:
    """No quoting, and the same name can be made of it again."""
    base = project.head()
    Path(os.fsdecode(bytes(project.path) + b"/" + name)).write_bytes(b"x\n")
    (change,) = changes(project, base).values()
    assert os.fsencode(change.path) == name
    assert (change.op, change.added) == (Operation.CREATE, 1)


def test_a_submodule_has_no_content_hash(project: Folder, tmp_path: Path) -> None:
    """Its mode says what it is."""
    base = project.head()
    inner = make_project(tmp_path / "inner")
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.path), "sub"
    )
    found = changes(project, base)
    assert (found["sub"].op, found["sub"].mode) == (Operation.CREATE, "160000")
    assert found["sub"].after is None


def test_equal_commits_have_no_changes(project: Folder) -> None:
    """Nor a patch."""
    head = project.head()
    assert file_changes(project.git_dir, head, head) == ()
    assert diff_text(project.git_dir, head, head, 1000) == ""


def test_a_patch_is_cut_at_a_line_where_it_is_too_long(project: Folder) -> None:
    """The end says so."""
    base = project.head()
    head = project.commit(a__py="".join(f"line {n}\n" for n in range(10_000)))
    assert diff_text(project.git_dir, base, head, 1 << 20).endswith("+line 9999\n")
    short = diff_text(project.git_dir, base, head, 1000)
    assert short.endswith("\n[cut after 1000 bytes]\n")
    assert len(short) < 1050


def test_programs_that_the_repository_names_for_diffs_do_not_run(
    project: Folder, tmp_path: Path
) -> None:
    """Neither an external diff nor a text conversion."""
    mark = tmp_path / "ran"
    project.git("config", "diff.external", f"touch {mark}")
    project.git("config", "diff.x.textconv", f"touch {mark}")
    project.write(".gitattributes", "* diff=x\n")
    base = project.commit()
    head = project.commit(a__py="new\n")
    assert "+new" in diff_text(project.git_dir, base, head, 10_000)
    file_changes(project.git_dir, base, head)
    assert not mark.exists()


def test_a_commit_that_is_not_there_is_an_error(project: Folder) -> None:
    """And not an empty change."""
    with pytest.raises(GitError):
        file_changes(project.git_dir, "1" * 40, project.head())
    with pytest.raises(GitError):
        diff_text(project.git_dir, "1" * 40, project.head(), 1000)
