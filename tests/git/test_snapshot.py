"""What an attempt has done becomes commits, whatever its agent did to git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.git.command import Git, fields
from deputize.git.refs import read_ref
from deputize.git.repository import open_mirror
from deputize.git.snapshot import (
    measure,
    save_aside,
    snapshot,
    snapshot_checkout,
)
from deputize.git.worktree import Worktree, add_worktree, top_level
from tests.fixtures.repositories import Folder, make_project
from tests.git.captures import REF, START, TRAILERS, changes_anything, content, paths, take

if TYPE_CHECKING:
    from pathlib import Path


def test_a_worktree_starts_detached_and_clean_at_its_base(
    project: Folder, worktree: Worktree, agent: Folder
) -> None:
    """Git finds its top there, and nothing to commit."""
    assert agent.head() == project.head()
    assert agent.git("status", "--porcelain") == ""
    assert agent.git("branch", "--show-current") == ""
    assert top_level(worktree) == worktree.path
    assert (worktree.path / ".git").read_text() == f"gitdir: {worktree.git_dir}\n"


def test_where_nothing_was_done_the_snapshot_is_the_base(worktree: Worktree) -> None:
    """No commit, no change."""
    taken = take(worktree)
    assert (taken.head, taken.commits) == (worktree.base, 0)
    assert not changes_anything(worktree, taken)
    assert (taken.dirty, taken.moved, taken.skipped) == (False, False, ())


def test_uncommitted_work_becomes_one_attributed_commit(worktree: Worktree, agent: Folder) -> None:
    """Changed, new, deleted and renamed files are in it, ignored ones are not."""
    agent.write("a.py", "changed\n")
    agent.write("new/file.txt")
    agent.write("noise.log")
    (agent.path / "b.py").unlink()
    taken = take(worktree)
    assert paths(worktree, taken) == [".gitignore", "a.py", "new/file.txt", "src/deep/module.py"]
    assert (taken.commits, taken.dirty, taken.moved) == (1, True, False)
    shown = Git(worktree.mirror.git_dir).line("log", "-1", "--format=%an <%ae>%n%B", taken.head)
    assert shown.splitlines() == [
        "deputize <deputize@localhost>", "the work", "",
        "Deputize-Task: 1", "Deputize-Attempt: 1", "Deputize-Agent: test",
    ]  # fmt: skip


def test_commits_of_the_agent_are_kept_and_the_rest_comes_after_them(
    worktree: Worktree, agent: Folder
) -> None:
    """Two commits of its own, one of ours."""
    agent.commit(a__py="1\n")
    own = agent.commit(a__py="2\n")
    clean = take(worktree)
    assert (clean.head, clean.commits, clean.dirty) == (own, 2, False)
    agent.write("late.txt")
    taken = take(worktree)
    assert (taken.commits, taken.dirty) == (3, True)
    assert Git(worktree.mirror.git_dir).line("rev-parse", f"{taken.head}^") == own


def test_commits_on_a_branch_of_its_own_count_as_well(worktree: Worktree, agent: Folder) -> None:
    """HEAD is on a branch that comes from the base; packed refs make no difference."""
    agent.git("switch", "--quiet", "-c", "fix/it")
    own = agent.commit(a__py="fixed\n")
    agent.git("pack-refs", "--all")
    taken = take(worktree)
    assert (taken.head, taken.moved) == (own, False)


def test_submodules_of_the_base_stay_as_they_were(project: Folder, tmp_path: Path) -> None:
    """Also where the agent has filled one and committed inside it."""
    inner = make_project(tmp_path / "inner")
    allow = ("-c", "protocol.file.allow=always")
    project.git(*allow, "submodule", "--quiet", "add", str(inner.path), "sub")
    base = project.commit()
    worktree = add_worktree(open_mirror(tmp_path / "repos", project.git_dir), tmp_path / "w", base)
    agent = Folder(worktree.path)
    assert not changes_anything(worktree, take(worktree))
    agent.git(*allow, "submodule", "--quiet", "update", "--init")
    Folder(agent.path / "sub").commit(a__py="inside\n")
    taken = take(worktree)
    assert (changes_anything(worktree, taken), taken.skipped) == (False, ())
    agent.git("rm", "--quiet", "-f", "sub")
    assert "sub" not in paths(worktree, take(worktree))


def test_lfs_pointers_stay_pointers(project: Folder, tmp_path: Path) -> None:
    """A worktree knows no filter, so a pointer that nobody touched is no change."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5\n"
    project.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    base = project.commit(big__bin=pointer)
    worktree = add_worktree(open_mirror(tmp_path / "repos", project.git_dir), tmp_path / "w", base)
    assert (worktree.path / "big.bin").read_text() == pointer
    assert not changes_anything(worktree, take(worktree))


def test_a_sparse_checkout_deletes_nothing(worktree: Worktree, agent: Folder) -> None:
    """What was left out of the folder is unchanged."""
    agent.git("sparse-checkout", "set", "--no-cone", "/src/")
    assert not (agent.path / "a.py").exists()
    agent.write("src/deep/module.py", "changed\n")
    taken = take(worktree)
    assert paths(worktree, taken) == START
    assert content(worktree, taken, "src/deep/module.py") == b"changed\n"


def test_what_the_agent_stopped_or_forced_to_track_is_followed(
    worktree: Worktree, agent: Folder
) -> None:
    """`git rm --cached` of an ignored file, and `git add -f` of one, staged or committed."""
    agent.write(".gitignore", "*.log\n*.gen\nb.py\n")
    agent.git("rm", "--quiet", "--cached", "b.py")
    agent.write("kept.log", "kept\n")
    agent.git("add", "-f", "kept.log")
    for _ in range(2):
        taken = take(worktree)
        assert paths(worktree, taken) == [".gitignore", "a.py", "kept.log", "src/deep/module.py"]
        agent.git("commit", "--quiet", "--allow-empty", "-am", "so be it")


def test_modes_are_part_of_the_change(worktree: Worktree, agent: Folder) -> None:
    """Making a file executable is a change of its own."""
    (agent.path / "a.py").chmod(0o755)
    assert changes_anything(worktree, take(worktree))


def test_work_can_be_saved_to_another_ref(worktree: Worktree, agent: Folder) -> None:
    """The attempt's ref is not there yet; the work is."""
    agent.write("half.txt")
    saved = snapshot(worktree, message="saved", trailers=TRAILERS, ref="refs/deputize/wip/1/1")
    assert read_ref(worktree.mirror.git_dir, "refs/deputize/wip/1/1") == saved.head
    assert read_ref(worktree.mirror.git_dir, REF) is None


def test_measuring_keeps_nothing(worktree: Worktree, agent: Folder) -> None:
    """It tells the tree that a snapshot would have, and writes no object."""
    agent.write("half.txt")
    captured = measure(worktree)
    assert not list(worktree.mirror.objects.rglob("*.pack"))
    assert captured.tree == take(worktree).tree


def test_branches_and_stashes_of_the_agent_can_be_kept_too(
    worktree: Worktree, agent: Folder
) -> None:
    """What the snapshot does not reach gets refs; a second call finds nothing more."""
    agent.git("switch", "--quiet", "-c", "idea")
    idea = agent.commit(idea__txt="idea\n")
    agent.git("checkout", "--quiet", worktree.base)
    for text in ("first", "second"):
        agent.write("a.py", text)
        agent.git("stash", "--quiet")
    stashes = agent.git("log", "-g", "--format=%H", "refs/stash").split()
    taken = take(worktree)
    kept = save_aside(worktree, prefix="refs/deputize/aside/1/1", but=taken.head)
    assert {ref.rsplit("/", 1)[1] for ref in kept} == {idea, *stashes}
    Git(worktree.mirror.git_dir).run("fsck", "--strict", "--connectivity-only", *kept)
    assert save_aside(worktree, prefix="refs/deputize/aside/1/1", but=taken.head) == ()


def test_two_agents_share_nothing_but_objects(
    worktree: Worktree, agent: Folder, tmp_path: Path
) -> None:
    """Branches, stashes and settings of one are not seen by the other, nor by the user."""
    other = Folder(add_worktree(worktree.mirror, tmp_path / "w2", worktree.base).path)
    agent.git("switch", "--quiet", "-c", "mine")
    agent.write("a.py", "x")
    agent.git("stash", "--quiet")
    agent.git("config", "core.hooksPath", "evil")
    assert other.git("stash", "list") == ""
    assert other.git("branch", "--list", "mine") == ""
    other.git("switch", "--quiet", "-c", "mine")
    assert "hookspath" not in other.git("config", "--list")


def test_a_sha256_repository_is_captured_as_well(tmp_path: Path) -> None:
    """Own commits and uncommitted files."""
    project = make_project(tmp_path / "p", object_format="sha256")
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    worktree = add_worktree(mirror, tmp_path / "w", project.head())
    own = Folder(worktree.path).commit(a__py="x\n")
    Folder(worktree.path).write("b.py", "y\n")
    taken = take(worktree)
    assert (len(taken.head), taken.commits) == (64, 2)
    assert Git(mirror.git_dir).line("rev-parse", f"{taken.head}^") == own


def test_a_checkout_is_captured_without_being_touched(project: Folder, tmp_path: Path) -> None:
    """In-place work: the commit is in the mirror, the user's index, refs and objects are not."""
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    project.write("a.py", "edited in place\n")
    project.write("new.txt")

    def state() -> dict[Path, bytes]:
        return {f: f.read_bytes() for f in project.git_dir.rglob("*") if f.is_file()}

    before = state()
    taken = snapshot_checkout(project.path, mirror, project.head(), message="in place", ref=REF)
    assert state() == before
    assert read_ref(mirror.git_dir, REF) == taken.head
    listed = fields(Git(mirror.git_dir).read("ls-tree", "-r", "-z", "--name-only", taken.tree))
    assert listed == sorted([*START, "new.txt"])
    assert (taken.dirty, taken.moved) == (True, False)


def test_a_checkout_that_was_committed_in_is_said_to_have_moved(
    project: Folder, tmp_path: Path
) -> None:
    """The files are still measured against where it was."""
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    base = project.head()
    project.commit(a__py="committed in place\n")
    taken = snapshot_checkout(project.path, mirror, base, message="in place", ref=REF)
    assert (taken.base, taken.moved, taken.commits) == (base, True, 1)
