"""What a repository wants to run: nothing of it before a person has said yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import LAND

if TYPE_CHECKING:
    from tests.fixtures.house import House


def test_untrusted_checks_wait_for_a_person(house: House) -> None:
    """A repository with checks alone: the agent works, the check runs only after `trust`."""
    ran = house.sign("ran")
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = 'touch {ran}'\n")
    task = house.add("echo a > a.txt")
    house.up()
    line = house.until_waiting(task, "a1")
    assert line == f"a1: the repository wants to: check c: touch {ran}"
    assert not ran.exists()
    house.trust()
    assert house.until(task)["state"] == "done"
    assert ran.exists()


def test_untrusted_setup_parks_the_task(house: House) -> None:
    """A repository with setup: no agent starts before `trust`, and waiting is not a try."""
    ran = house.sign("ran")
    house.repo.commit(deputize__toml=f"[workspace]\nsetup = [{{command = 'touch {ran}'}}]\n")
    task = house.add(f"cp {ran} here.txt; echo a > a.txt")
    house.up()
    house.until_waiting(task, "a1: the repository wants to: setup")
    assert not ran.exists()
    house.trust()
    document = house.until(task)
    assert document["state"] == "done"
    assert [attempt["outcome"] for attempt in document["attempts"]] == ["parked", "succeeded"]


SETUP = "[workspace]\nsetup = [{command = 'true'}]\n"


def test_a_question_that_became_moot_is_withdrawn(house: House) -> None:
    """A parked task goes on by itself once the target's tip no longer asks for the commands."""
    house.repo.commit(deputize__toml=SETUP)
    task = house.add("echo a > a.txt")
    house.up()
    house.until_waiting(task, "a1: the repository wants to: setup")
    house.repo.git("rm", "--quiet", "deputize.toml")
    house.repo.commit()
    document = house.until(task)
    assert document["state"] == "done"
    assert [approval["state"] for approval in document["approvals"]] == ["withdrawn"]


def test_trust_withdraws_moot_questions(house: House) -> None:
    """Without a worker `trust` lets the task go on, and names the checkout."""
    house.repo.commit(deputize__toml=SETUP)
    task = house.add("echo a > a.txt")
    worker = house.up()
    house.until_waiting(task, "a1")
    worker.kill()
    house.repo.git("rm", "--quiet", "deputize.toml")
    house.repo.commit()
    said = house.say("trust", "--yes")
    assert said.code == 0
    assert f"{house.repo.path} wants to run nothing\n" in said.err
    assert "what was asked about other commands is withdrawn" in said.err
    assert house.json("approvals") == []


def test_untrusted_copies_park_the_task(house: House) -> None:
    """A `.worktreeinclude` is a wish as well; trusted, it copies, and the copy never lands."""
    house.repo.commit(**{".worktreeinclude": ".env\n", ".gitignore": ".env\n"})
    house.repo.write(".env", "KEY=1\n")
    task = house.add("cat .env; cp .env seen.txt")
    house.up()
    house.until_waiting(task, "a1: the repository wants to: copy: .env")
    house.cli("approve", "a1")
    document = house.until(task)
    assert (document["state"], document["result"]) == ("done", "KEY=1")
    assert house.repo.listing("main") == [".gitignore", ".worktreeinclude", "README.md", "seen.txt"]


def test_denied_commands_end_the_task(house: House) -> None:
    """Where a person denies the commands of a parked task, it ends as rejected."""
    house.repo.commit(deputize__toml="[workspace]\nsetup = [{command = 'true'}]\n")
    task = house.add("echo a > a.txt")
    house.up()
    house.until_waiting(task, "a1")
    house.cli("deny", "a1")
    assert house.until(task)["error"]["reason"] == "rejected"


def test_ones_own_checks_need_no_trust(house: House) -> None:
    """Checks that a user has written in their own home run without a question."""
    house.configure("[checks.mine]\ncommand = 'test -f a.txt'\n")
    task = house.add("echo a > a.txt")
    house.up()
    assert house.until(task)["state"] == "done"


@pytest.mark.parametrize(("level", "codes"), [("off", {"4"}), ("auto", {"4", "5"})])
def test_an_agent_can_not_approve_itself(house: House, level: str, codes: set[str]) -> None:
    """Approve and trust refuse from inside an attempt, whatever the agent does to its variables.

    In a sandbox there is no store to approve anything in.
    """
    house.configure(f"[sandbox]\nlevel = '{level}'\n")
    verb = f"DEPUTIZE_HOME={house.home.path} python -m deputize approve a1"
    house.add("echo a > a.txt")
    house.up()
    house.until_waiting(1, "a1")
    task = house.add(
        f"{verb}; echo $?; env -u DEPUTIZE_TASK {verb}; echo $?", "--role", "inspector"
    )
    document = house.until(task)
    said = document["result"].split()
    assert len(said) == 2
    assert set(said) <= codes
    assert house.look(1)["state"] == "landing"


def test_a_failing_setup_says_what_it_printed(house: House) -> None:
    """A setup step that fails ends the task as setup_failed; its output is in the log."""
    settings = "[workspace]\nsetup = [{command = 'echo no such package >&2; exit 9'}]\n"
    house.repo.commit(deputize__toml=settings)
    house.trust()
    task = house.add("echo a > a.txt")
    house.up()
    error = house.until(task)["error"]
    assert error["reason"] == "setup_failed"
    assert "ended with 9" in error["message"]
    assert "no such package" in house.log(task)


def test_a_hanging_setup_fails_by_its_own_limit(house: House) -> None:
    """A setup step beyond its timeout is ended, with its children; its output is in the log."""
    settings = """[workspace]
    setup = [{command = "echo fetching; sleep 1000 & sleep 1000", timeout_seconds = 1}]"""
    house.repo.commit(deputize__toml=settings)
    house.trust()
    task = house.add("echo a > a.txt")
    worker = house.up()
    error = house.until(task)["error"]
    assert error["reason"] == "setup_failed"
    assert "took longer than 1 s" in error["message"]
    assert "fetching" in house.log(task)
    house.until_alone(worker)


@pytest.mark.parametrize("settings", ["nonsense = 1\n", "[checks.c]\ncommand = 5\n", "not toml"])
def test_a_broken_file_is_refused_at_once(house: House, settings: str) -> None:
    """A repository whose own file is wrong is refused by `add`, naming the file."""
    house.repo.commit(deputize__toml=settings)
    said = house.say("add", "-q", "--no-start", "x")
    assert said.code == 3
    assert "deputize.toml" in said.err


def test_a_file_that_breaks_meanwhile_is_waited_for(house: House) -> None:
    """A change waits while the target's own file is wrong, says so, and lands once it is mended."""
    task = house.add(f"echo a > a.txt; {house.awaiting('broken')}")
    house.up()
    house.until_awaited("broken")
    house.repo.commit(deputize__toml="nonsense = 1\n")
    house.sign("broken").touch()
    house.until_waiting(task, "deputize.toml (main): unknown key `nonsense`")
    house.repo.commit(deputize__toml="")
    assert house.until(task)["state"] == "done"


def test_a_repository_may_ask_but_not_loosen(house: House) -> None:
    """A repository's own landing settings make it stricter, never looser than home's."""
    house.configure(LAND + "mode = 'ask'\n")
    house.repo.commit(deputize__toml="[landing]\nmode = 'auto'\nwithout_checks = 'land'\n")
    task = house.add("echo a > a.txt")
    house.up()
    house.until_waiting(task, "landing asks first")
