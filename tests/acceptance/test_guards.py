"""What must hold even where an agent, or a repository, tries to get around it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import LAND
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House


@pytest.mark.parametrize(
    ("level", "refusals"),
    [("off", ["an agent can't approve"]), ("auto", ["an agent can't approve", "cannot open"])],
)
def test_an_agent_can_t_approve_even_from_a_session_and_environment_of_its_own(
    house: House, level: str, refusals: list[str]
) -> None:
    """`env -i setsid` hides the mark, but not whose descendant a process is.

    In a sandbox there isn't even anything to approve.
    """
    house.configure(f"[sandbox]\nlevel = '{level}'\n")
    house.up()
    waiting = house.add("echo a > a")
    house.until_waiting(waiting, "a1")
    said = house.sign("said")
    approve = (
        f"env -i HOME={house.user} DEPUTIZE_HOME={house.home.path} "
        f"setsid {sys.executable} -m deputize approve a1"
    )
    hidden = f"(({approve}) > {said}.new 2>&1; mv {said}.new {said}) &"
    house.add(f"{hidden} {house.awaiting('said')}; echo b > b")
    told = house.until_sign(said.name)
    assert any(refusal in told for refusal in refusals)
    assert house.look(waiting)["state"] == "landing"


def test_a_failed_setup_keeps_a_change_out_whatever_the_checks_are(house: House) -> None:
    """Where setup fails no check has run: an advisory check must not excuse that."""
    house.repo.commit(
        deputize__toml="""
        [workspace]
        setup = [{ command = "test ! -e broken" }]
        [checks.advice]
        command = "true"
        required = false
        [checks.tests]
        command = "false"
        """
    )
    house.trust()
    house.up()
    task = house.until(house.add("touch broken"))
    assert (task["state"], task["error"]["reason"]) == ("failed", "setup_failed")
    assert (
        house.json("changes", "show", "1")["reason"] == "failed on the merged tree: workspace setup"
    )
    assert house.landed() == []


def test_private_files_are_copied_by_the_list_that_was_trusted(house: House) -> None:
    """An agent that writes its own list gets nothing more, not in a rework either."""
    house.repo.commit(**{".gitignore": "secret.*\n", ".worktreeinclude": "secret.env\n"})
    house.repo.write("secret.env", "for agents\n")
    house.repo.write("secret.key", "not for agents\n")
    house.repo.commit(deputize__toml="[checks.tests]\ncommand = 'test -e second'\n")
    house.trust()
    house.up()
    seen = house.sign("seen")
    script = (
        f"ls secret.* >> {seen}; echo 'secret.*' > .worktreeinclude; "
        "test -e first && touch second; touch first"
    )
    task = house.add(script)
    house.until_waiting(task, "a1")
    house.cli("approve", "a1")
    wait_until(lambda: len(house.look(task)["attempts"]) == 2)
    ended = house.until(task, "landing", "failed", "done")
    assert ended["attempts"][1]["outcome"] == "succeeded", house.log(task, 2)
    assert seen.read_text().split() == ["secret.env", "secret.env"]


def test_the_log_tells_of_checks_and_landing_too(house: House) -> None:
    """Who reads an attempt's log sees how its change fared, with what a failed check printed."""
    house.repo.commit(deputize__toml="[checks.tests]\ncommand = 'echo three wrong; test -e b'\n")
    house.trust()
    house.up()
    task = house.add("test -e a && touch b; touch a")
    assert house.until(task)["state"] == "done"
    wait_until(lambda: "c2 landed: main is at" in house.log(task, 2))
    assert "check tests: failed with exit code 1" in house.log(task, 1)
    assert "three wrong" in house.log(task, 1)
    assert "check tests: passed" in house.log(task, 2)


def test_a_summary_that_is_cut_holds_no_half_of_a_secret(house: House) -> None:
    """A secret is taken out of an answer before the answer is shortened."""
    house.configure()
    house.up()
    secret = "ghp_" + "A1b2C3d4E5" * 4
    task = house.until(house.add(f"echo {secret} $(yes w | head -n 285 | tr '\\n' ' '); touch a"))
    assert "A1b2" not in str(task)
    assert task["attempts"][0]["summary"]


def test_settings_that_are_wrong_keep_tasks_waiting_until_they_are_mended(house: House) -> None:
    """File and key are named, nothing fails for good, and a bad home file is waited for too."""
    task = house.add("echo a > a.txt", "--hold")
    house.repo.commit(deputize__toml="nope = 1\n")
    house.cli("release", str(task))
    house.up()
    house.until_waiting(task, "deputize.toml (main): unknown key `nope`")
    house.repo.commit(deputize__toml="")
    assert house.until(task)["state"] == "done"
    outcomes = {attempt["outcome"] for attempt in house.look(task)["attempts"]}
    assert outcomes == {"parked", "succeeded"}


def test_an_agent_that_was_taken_out_of_the_settings_is_missing(house: House) -> None:
    """One try, with its name, and not a mistake of ours."""
    house.configure(LAND + "[agents.gone]\nkind = 'command'\ncommand = ['true']\n")
    task = house.add("x", "--agent", "gone")
    house.configure(LAND)
    house.up()
    document = house.until(task)
    assert document["error"]["reason"] == "agent_missing"
    assert "no agent is called 'gone'" in document["error"]["message"]
    assert len(document["attempts"]) == 1


def test_status_says_that_a_worker_is_gone(house: House) -> None:
    """What a dead worker held is not shown as if it were at work."""
    worker = house.up()
    task = house.add(house.awaiting("go"))
    house.until(task, "running")
    worker.kill()
    assert house.look(task)["waiting_for"].startswith("a worker to take it over")
    said = house.cli("status", "--latest")
    assert "a worker to take it over" in said
