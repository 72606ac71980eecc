"""What must hold even where an agent, or a repository, tries to get around it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House


def test_an_agent_can_t_approve_even_from_a_session_and_environment_of_its_own(
    house: House,
) -> None:
    """`env -i setsid` hides the mark, but not whose descendant a process is."""
    house.configure("")
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
    assert "an agent can't approve" in house.until_sign(said.name)
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
