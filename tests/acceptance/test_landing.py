"""How changes land, and what keeps them from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import LAND
from tests.fixtures.repositories import Folder, make_repository
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House

CHECKED = """\
[checks.good]
command = "! grep -q bad a.txt"
"""


def write_settings(house: House, settings: str) -> str:
    """Commit the repository's own settings, and trust them."""
    commit = house.repo.commit(deputize__toml=settings)
    house.trust()
    return commit


def test_without_checks_a_person_is_asked(house: House) -> None:
    """With default settings a change waits for `approve`, then lands."""
    house.configure("")
    task = house.add("echo a > a.txt")
    house.up()
    assert house.until_waiting(task, "a1: no required check is configured: 1 file, +1 -0")
    assert house.repo.listing("main") == ["README.md"]
    house.cli("approve", "a1")
    assert house.until(task)["state"] == "done"
    assert house.landed() == ["1"]


def test_a_denied_change_is_rejected(house: House) -> None:
    """`deny` ends the task as failed with reason rejected, and nothing lands."""
    house.configure("")
    task = house.add("echo a > a.txt")
    house.up()
    house.until_waiting(task, "a1")
    house.cli("deny", str(task), "--reason", "not like this")
    document = house.until(task)
    assert (document["state"], document["error"]["reason"]) == ("failed", "rejected")
    assert document["error"]["message"] == "not like this"
    assert document["change"]["state"] == "rejected"
    assert house.landed() == []


def test_what_is_out_of_scope_asks(house: House) -> None:
    """A change outside its task's scope names the file and waits; one inside lands."""
    outside = house.add("echo a > src.txt", "--scope", "docs")
    inside = house.add("mkdir docs; echo a > docs/a.txt", "--scope", "docs")
    house.up()
    assert house.until(inside)["state"] == "done"
    assert "outside the task's scope: src.txt" in house.until_waiting(outside, "a1")


def test_mode_ask_asks_for_everything(house: House) -> None:
    """With landing.mode ask even a checked small change waits for a person."""
    house.configure(LAND + "mode = 'ask'\n")
    task = house.add("echo a > a.txt")
    house.up()
    assert "landing asks first" in house.until_waiting(task, "a1")


def test_mode_branch_leaves_a_branch(house: House) -> None:
    """With landing.mode branch a task is done with a branch of its own; the target stays."""
    house.configure(LAND + "mode = 'branch'\n")
    before = house.repo.head()
    task = house.add("echo a > a.txt")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.head() == before
    assert house.repo.listing("deputize/1") == ["README.md", "a.txt"]


def test_mode_branch_keeps_to_the_rules_of_landing(house: House) -> None:
    """What fails its checks makes no branch, what is risky asks, and commits say who made them."""
    house.configure(LAND + "mode = 'branch'\nrework = 0\n")
    write_settings(house, '[checks.good]\ncommand = "! test -e bad.txt"\n')
    bad = house.add("echo b > bad.txt")
    risky = house.add("mkdir .github; echo w > .github/w.yml")
    own = house.add("echo a > a.txt; git add .; git commit -q -m mine")
    house.up()
    assert house.until(bad)["error"]["reason"] == "checks_failed"
    assert "continuous integration" in house.until_waiting(risky, "a1")
    change = house.until(own)["change"]
    assert change["state"] == "landed"
    branches = house.repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads/")
    assert branches.split() == [f"deputize/{own}", "main"]
    assert house.landed(f"deputize/{own}") == [str(own)]
    assert f"c{change['id']} landed: on branch deputize/{own}" in house.log(own)


def test_who_is_in_the_way_of_a_landing_is_told_once(house: House) -> None:
    """A checkout with local changes is named in status, in the trail and to the channels."""
    told = house.sign("told")
    channel = f"command = ['sh', '-c', 'echo \"$DEPUTIZE_TEXT\" >> {told}']\n"
    house.configure(LAND + "[[notify]]\nkind = 'command'\n" + channel)
    task = house.add("echo more >> README.md")
    house.repo.write("README.md", "mine\n")
    house.up()
    house.until_waiting(task, "local changes in README.md")
    assert "c1 can't land" in house.cli("status")
    wait_until(lambda: told.exists() and "can't land yet" in told.read_text())
    (body,) = house.rows("SELECT body FROM events WHERE kind = 'change.blocked'")
    assert "README.md" in body[0]
    house.repo.git("checkout", "--quiet", "README.md")
    assert house.until(task)["state"] == "done"


def test_a_checked_change_lands_by_itself(house: House) -> None:
    """Where a required check passes on the very tree, nobody is asked."""
    house.configure("")
    write_settings(house, CHECKED)
    task = house.add("echo fine > a.txt")
    house.up()
    assert house.until(task)["state"] == "done"
    (told,) = house.rows("SELECT body FROM events WHERE kind = 'change.checked'")
    assert '"exit_code":0' in told[0].replace(" ", "")


def test_a_failed_check_is_reworked_on_the_merged_tree(house: House) -> None:
    """The next attempt gets the output in its prompt, and starts from the tree that failed."""
    write_settings(house, '[checks.good]\ncommand = "cat a.txt b.txt; ! grep bad a.txt"\n')
    task = house.add(
        f"if test -e a.txt; then cat b.txt; cat > {house.sign('told')}; echo good > a.txt;"
        f"else {house.awaiting('moved')}; echo bad > a.txt; fi"
    )
    house.up()
    house.until_awaited("moved")
    house.repo.commit(b__txt="meanwhile\n")
    house.sign("moved").touch()
    document = house.until(task)
    assert document["state"] == "done"
    told = house.sign("told").read_text()
    assert "does not pass the checks" in told
    assert "bad\nmeanwhile" in told
    states = house.rows("SELECT state FROM changes ORDER BY id")
    assert states == [("superseded",), ("landed",)]
    assert document["attempts"][1]["outcome"] == "succeeded"


def test_a_check_that_fails_again_is_quarantined(house: House) -> None:
    """After one rework a change whose check still fails is set aside, and its task has failed."""
    write_settings(house, CHECKED)
    task = house.add("echo bad >> a.txt")
    house.up()
    document = house.until(task)
    assert (document["state"], document["error"]["reason"]) == ("failed", "checks_failed")
    assert len(document["attempts"]) == 2
    assert document["change"]["state"] == "quarantined"
    assert house.landed() == []


def test_a_hanging_check_fails_by_its_own_limit(house: House) -> None:
    """A check beyond its timeout has failed, its processes are gone, and it says so."""
    settings = '[checks.slow]\ncommand = "sleep 1000"\ntimeout_seconds = 1\n[landing]\nrework = 0\n'
    write_settings(house, settings)
    task = house.add("echo a > a.txt")
    worker = house.up()
    assert house.until(task)["error"]["reason"] == "checks_failed"
    house.until_alone(worker)


def test_a_conflict_is_reworked_then_lands(house: House) -> None:
    """A change that collides goes back with the passages in its prompt, onto the new tip."""
    task = house.add(
        f"if grep -q theirs README.md; then cat > {house.sign('told')}; echo both > README.md;"
        f"else {house.awaiting('moved')}; echo ours > README.md; fi"
    )
    house.up()
    house.until_awaited("moved")
    house.repo.commit(README__md="theirs\n")
    house.sign("moved").touch()
    assert house.until(task)["state"] == "done"
    told = house.sign("told").read_text()
    assert "conflicts with what has landed" in told
    assert "+ours" in told or "ours" in told
    assert house.repo.content("main", "README.md") == "both"


def test_a_conflict_again_is_quarantined(house: House) -> None:
    """Where the reworked change collides as well, it is set aside with the reason."""
    task = house.add(
        f"n=$(cat {house.sign('n')}); echo ours $n > README.md;"
        f"touch {house.signs}/awaited-$n; while ! test -e {house.signs}/go-$n; do sleep 0.02; done"
    )
    house.sign("n").write_text("1")
    house.up()
    for number in (1, 2):
        wait_until(house.sign(f"awaited-{number}").exists)
        house.repo.commit(README__md=f"theirs {number}\n")
        house.sign("n").write_text(str(number + 1))
        house.sign(f"go-{number}").touch()
    document = house.until(task)
    assert document["error"]["reason"] == "conflict"
    assert "README.md" in document["error"]["message"]
    assert house.repo.content("main", "README.md") == "theirs 2"


def test_a_dirty_checkout_is_waited_for(house: House) -> None:
    """A file in the way is named; once it is clean the change lands, without checking again."""
    write_settings(house, f'[checks.good]\ncommand = "echo >> {house.sign("checked")}"\n')
    (house.repo.path / "README.md").write_text("my own\n")
    task = house.add("echo fixed >> README.md")
    house.up()
    line = house.until_waiting(task, "your checkout")
    assert line == "your checkout of main has local changes in README.md"
    assert (house.repo.path / "README.md").read_text() == "my own\n"
    house.repo.git("checkout", "--quiet", "README.md")
    assert house.until(task)["state"] == "done"
    assert house.sign("checked").read_text() == "\n"


def test_what_is_dirty_elsewhere_is_left_alone(house: House) -> None:
    """Landing goes on beside local changes in other files, and keeps those."""
    house.repo.commit(mine__txt="one\n")
    house.repo.write("mine.txt", "two\n")
    house.repo.write("new.txt", "untracked\n")
    task = house.add("echo fixed >> README.md")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.git("status", "--porcelain") == " M mine.txt\n?? new.txt"


def test_a_target_that_is_checked_out_nowhere(house: House) -> None:
    """A branch that nobody looks at moves, and the checkout of another stays as it is."""
    house.repo.git("branch", "quiet")
    task = house.add("echo a > a.txt", "--target", "quiet")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("quiet") == ["README.md", "a.txt"]
    assert house.repo.listing("main") == ["README.md"]
    assert house.repo.git("status", "--porcelain") == ""


def test_a_target_in_a_linked_worktree(house: House) -> None:
    """A branch checked out in a linked worktree moves there, files and all."""
    linked = Folder(house.folder / "linked")
    house.repo.git("worktree", "add", "--quiet", "-b", "side", str(linked.path))
    task = house.add("echo a > a.txt", cwd=linked.path)
    house.up()
    assert house.until(task)["state"] == "done"
    assert (linked.path / "a.txt").read_text() == "a\n"
    assert linked.git("status", "--porcelain") == ""
    assert house.repo.listing("main") == ["README.md"]


def test_a_bare_repository(house: House) -> None:
    """A task queued in a bare repository lands on its HEAD's branch."""
    bare = make_repository(house.folder / "bare.git", bare=True)
    house.repo.git("push", "--quiet", str(bare.path), "main")
    task = house.add("echo a > a.txt", cwd=bare.path)
    house.up()
    assert house.until(task)["state"] == "done"
    assert bare.listing("main") == ["README.md", "a.txt"]


def test_a_target_deleted_meanwhile(house: House) -> None:
    """A change whose branch is gone waits and says so; made again, the branch gets it."""
    house.repo.git("branch", "soon")
    task = house.add(f"echo a > a.txt; {house.awaiting('gone')}", "--target", "soon")
    house.up()
    house.until_awaited("gone")
    house.repo.git("branch", "-D", "soon")
    house.sign("gone").touch()
    house.until_waiting(task, "there is no branch soon")
    house.repo.git("branch", "soon")
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("soon") == ["README.md", "a.txt"]


def test_a_target_deleted_before_the_start(house: House) -> None:
    """A task whose branch is gone before it started fails as base_lost, with what to do."""
    house.repo.git("branch", "soon")
    task = house.add("echo a > a.txt", "--target", "soon")
    house.repo.git("branch", "-D", "soon")
    house.up()
    error = house.until(task)["error"]
    assert error["reason"] == "base_lost"
    assert "soon" in error["message"]


def test_an_amended_branch_gets_the_change_anew(house: House) -> None:
    """Where a person rewrites the branch meanwhile, the change is merged onto what is there now."""
    house.repo.commit(two__txt="two\n")
    task = house.add(f"echo a > a.txt; {house.awaiting('amended')}")
    house.up()
    house.until_awaited("amended")
    house.repo.git("commit", "--amend", "--quiet", "--message", "better words")
    house.sign("amended").touch()
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("main") == ["README.md", "a.txt", "two.txt"]


@pytest.mark.parametrize("style", ["merge", "squash"])
def test_many_changes_land_one_after_another(house: House, style: str) -> None:
    """Changes to different files that were made from one base all land, each once."""
    house.configure(LAND + f"style = '{style}'\n")
    for number in range(1, 6):
        house.add(f"echo {number} > {number}.txt")
    house.up()
    for number in range(1, 6):
        assert house.until(number)["state"] == "done"
    assert house.repo.listing("main") == [*(f"{number}.txt" for number in range(1, 6)), "README.md"]
    assert sorted(house.landed()) == ["1", "2", "3", "4", "5"]
    assert house.repo.git("status", "--porcelain") == ""


def test_odd_names_stay_apart(house: House) -> None:
    """Names with spaces at an end, line ends and odd bytes are shown so that they differ."""
    names = (" a", "a", "b  b", "b b", "n\nn")
    task = house.add("touch -- ' a' a 'b  b' 'b b' $'n\\nn' $'x\\xff'")
    house.up()
    assert house.until(task)["state"] == "done"
    shown = house.cli("show", str(task))
    for name in ('" a"', r'"b \x20b"', "b b", r'"n\nn"', r'"x\xff"'):
        assert f"+0 -0  {name}\n" in shown + "\n"
    said = house.cli("changes", "show", "c1", "--json")
    assert "\\udc" not in said
    paths = [file["path"] for file in json.loads(said)["files"]]
    assert sorted(paths) == sorted([*names, r'"x\xff"'])
    assert house.say("audit", "verify").code == 0
