"""Where agents work, and that what is the user's stays the user's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import LAND

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.house import House

BY = "-c user.name=Mallory -c user.email=m@example.org"


def test_in_place_edits_the_checkout_and_commits_nothing(house: House) -> None:
    """An in-place task leaves its edits uncommitted in the user's own checkout."""
    before = house.repo.head()
    task = house.add("echo fixed >> README.md; echo new > new.txt", "--in-place")
    house.up()
    document = house.until(task)
    assert (document["state"], document["change"]) == ("done", None)
    assert house.repo.git("status", "--porcelain") == " M README.md\n?? new.txt"
    assert house.repo.head() == before


def test_in_place_is_refused_where_the_checkout_is_not_clean(house: House) -> None:
    """Who queues it is told at once which file is in the way, and nothing is queued."""
    house.repo.write("README.md", "my own\n")
    said = house.say("add", "--in-place", "echo fixed >> README.md")
    assert said.code == 2
    assert "is not clean: README.md" in said.err
    assert "hint: git commit" in said.err
    assert house.rows("SELECT count(*) FROM tasks") == [(0,)]


def test_in_place_goes_on_from_what_a_killed_worker_left(house: House) -> None:
    """Edits of an attempt whose worker died are the next attempt's start, not somebody's mess."""
    before = house.repo.head()
    script = f"test -e first && echo both > second; echo 1 > first; {house.awaiting('go')}"
    task = house.add(script, "--in-place")
    worker = house.up()
    house.until_awaited("go")
    worker.kill()
    house.sign("go").touch()
    house.up()
    document = house.until(task)
    outcomes = [attempt["outcome"] for attempt in document["attempts"]]
    assert (document["state"], outcomes) == ("done", ["worker_lost", "succeeded"])
    assert house.repo.git("status", "--porcelain") == "?? first\n?? second"
    assert house.repo.head() == before


def test_in_place_waits_for_a_clean_checkout_when_its_turn_comes(house: House) -> None:
    """While there are local changes it says which, touches nothing, and then goes on."""
    task = house.add("echo fixed >> README.md", "--in-place")
    house.repo.write("README.md", "my own\n")
    house.up()
    said = house.until_waiting(task, "is not clean: README.md")
    assert "git commit, or git stash -u" in said
    assert (house.repo.path / "README.md").read_text() == "my own\n"
    assert house.rows("SELECT count(*) FROM events WHERE kind = 'task.stalled'") == [(1,)]
    house.repo.git("checkout", "--quiet", "README.md")
    assert house.until(task)["state"] == "done"
    assert house.repo.git("status", "--porcelain") == " M README.md"


def test_nothing_lands_under_an_in_place_task(house: House) -> None:
    """What it changes is its own: another change waits until it has ended."""
    in_place = house.add(f"{house.awaiting('go')}; cat README.md", "--in-place")
    house.up()
    house.until_awaited("go")
    other = house.add("echo landed > landed.txt")
    said = house.until_waiting(other, "works in your checkout")
    assert said == f"#{in_place} works in your checkout of main"
    house.sign("go").touch()
    assert house.until(in_place)["error"]["reason"] == "no_change"
    assert house.until(other)["state"] == "done"


@pytest.mark.parametrize(
    ("script", "went"),
    [
        (
            f"echo c >> README.md; git {BY} commit -qam x",
            "from main at {before} to main at {after}",
        ),
        ("git switch -qc other", "from main at {before} to other at {after}"),
        ("git checkout -q --detach", "from main at {before} to no branch at {after}"),
    ],
)
def test_in_place_leaves_head_and_branch_alone(house: House, script: str, went: str) -> None:
    """An agent that commits or switches in the checkout fails, and all that happened is told.

    In a sandbox it could not.
    """
    house.configure(f"{LAND}[sandbox]\nlevel = 'off'\n")
    before = house.repo.head()
    task = house.add(script, "--in-place")
    house.up()
    document = house.until(task)
    said = went.format(before=before[:12], after=house.repo.head()[:12])
    assert document["error"]["reason"] == "policy_denied"
    assert said in document["error"]["message"]
    store = house.rows("SELECT value FROM meta WHERE name = 'store'")[0][0]
    kept = f"refs/deputize/{store}/in-place/{task}"
    assert house.repo.git("rev-parse", kept) == before
    told = f"HEAD of the checkout went {said}; {kept} keeps where it was"
    assert told in house.log(task)
    assert "committed as the agent's" not in house.log(task)
    assert told in house.cli("audit", "--task", str(task))


def test_in_place_edits_are_not_said_to_be_committed(house: House) -> None:
    """Nothing is committed in place, so the log does not say so; in a worktree it does."""
    task = house.add("echo a > a.txt", "--in-place")
    house.up()
    house.until(task)
    assert "was committed" not in house.log(task)
    house.repo.commit()
    other = house.add("echo b > b.txt")
    house.until(other)
    assert "uncommitted work was committed as the agent's" in house.log(other)


def test_in_place_tasks_take_turns(house: House) -> None:
    """Two in-place tasks of one checkout never run at once."""
    script = f"mkdir {house.signs}/lock && sleep 0.2 && rmdir {house.signs}/lock"
    for _ in range(2):
        house.add(script, "--in-place", "--role", "tester")
    house.up()
    outcomes = [house.until(task)["attempts"][0]["exit_code"] for task in (1, 2)]
    assert outcomes == [0, 0]


def test_in_place_counts_what_it_did_itself(house: House) -> None:
    """Commits that the user makes after `add` are not taken for the agent's work."""
    task = house.add("true", "--in-place")
    house.repo.commit(mine__txt="mine\n")
    house.up()
    assert house.until(task)["error"]["reason"] == "no_change"


def test_read_only_answers_and_changes_nothing(house: House) -> None:
    """A read-only task of a writer is done with its answer; one that writes is refused."""
    good = house.add("cat README.md", "--read-only")
    bad = house.add("echo oops > oops.txt; echo ok", "--read-only")
    house.up()
    assert house.until(good)["result"] == "hello"
    assert house.until(bad)["error"]["reason"] == "policy_denied"
    assert house.landed() == []


def test_scratch_keeps_its_files(house: House) -> None:
    """A scratch task needs no repository, never lands, and its files are kept as its result."""
    elsewhere = house.folder / "elsewhere"
    elsewhere.mkdir()
    task = house.add("echo made > made.txt; echo it is made", "--scratch", cwd=elsewhere)
    house.up()
    document = house.until(task)
    assert (document["state"], document["result"]) == ("done", "it is made")
    (kept,) = house.home.workspaces.glob("scratch/*/made.txt")
    assert kept.read_text() == "made\n"
    assert house.cli("open", str(task)) == str(kept.parent)


def test_what_is_the_users_stays_as_it_is(house: House) -> None:
    """Stash, index, HEAD, configuration, hooks and other refs are after many tasks as before."""
    furnish(house)
    before = picture(house)
    house.add(
        "echo a > a.txt; git stash list; git config user.name Mallory; git tag mine",
        "--target",
        "side",
    )
    house.add(
        "echo > .git/config; git checkout -q -b x; git commit -q --allow-empty -m x",
        "--role",
        "inspector",
    )
    house.add(
        "echo b > b.txt; git branch -f side; git update-ref -d refs/heads/main; git gc -q",
        "--target",
        "side",
    )
    house.add("exit 4", "--target", "side")
    house.up()
    for task in (1, 2, 3, 4):
        house.until(task)
    assert house.repo.listing("side") == ["README.md", "a.txt", "b.txt"]
    assert picture(house) == before
    assert not house.sign("hooked").exists()


def test_no_hook_runs_when_a_checkout_moves(house: House) -> None:
    """Landing on the branch that is checked out keeps the stash and starts no hook."""
    furnish(house)
    house.repo.git("reset", "--quiet")
    house.sign("hooked").unlink()
    before = picture(house)["stash"]
    task = house.add("echo a > a.txt")
    house.up()
    assert house.until(task)["state"] == "done"
    assert picture(house)["stash"] == before
    assert not house.sign("hooked").exists()


def test_all_of_an_attempt_is_cleared_away(house: House) -> None:
    """Once tasks have ended there is no worktree, landing ref or process left of them."""
    house.configure(LAND + "rework = 0\n")
    house.repo.commit(deputize__toml="[checks.c]\ncommand = '! test -e bad'\n")
    house.trust()
    for script in ("echo a > a", "echo b > bad", "exit 1", "true"):
        house.add(script)
    worker = house.up()
    for task in (1, 2, 3, 4):
        house.until(task)
    house.until_cleared()
    house.until_alone(worker)


def furnish(house: House) -> None:
    """Put all that git keeps for a user into the repository."""
    repo = house.repo
    repo.git("branch", "side")
    repo.write("README.md", "stashed\n")
    repo.git("stash", "--quiet")
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    repo.git("config", "user.name", "Ada")
    for name in ("post-merge", "post-checkout", "reference-transaction", "pre-commit"):
        hook = repo.git_dir / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {house.sign('hooked')}\n")
        hook.chmod(0o755)


def picture(house: House) -> dict[str, str]:
    """Return what must not change."""
    repo = house.repo
    refs = repo.git("for-each-ref", "--format=%(refname) %(objectname)").split("\n")
    other = [ref for ref in refs if not ref.startswith(("refs/heads/side ", "refs/deputize/"))]
    return {
        "head": repo.git("symbolic-ref", "HEAD") + repo.head(),
        "refs": "\n".join(other),
        "stash": repo.git("stash", "list"),
        "status": repo.git("status", "--porcelain"),
        "config": digest(repo.git_dir / "config"),
        "hooks": "".join(digest(hook) for hook in sorted((repo.git_dir / "hooks").iterdir())),
    }


def digest(file: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
