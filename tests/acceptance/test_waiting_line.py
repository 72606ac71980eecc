"""Why a task is not moving: one correct line for each reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House


def line(house: House, task: int) -> str | None:
    """Return what `show` says, which is what `list` says."""
    (listed,) = (found for found in house.json("list") if found["id"] == task)
    said = house.json("show", str(task))["waiting_for"]
    assert listed["waiting_for"] == said
    assert said is None or "\n" not in said
    return said if said is None else str(said)


def test_before_any_worker_runs(house: House) -> None:
    """A need, a hold, a delay, and the lack of a worker are each named."""
    plain = house.add("echo a > a")
    other = house.add("echo b > b", "--role", "tester")
    blocked = house.add("echo c > c", "--after", f"{plain},{other}")
    held = house.add("echo d > d", "--hold")
    start = datetime.now(UTC) + timedelta(hours=2)
    delayed = house.add("echo e > e", "--not-before", start.isoformat())
    shown = start.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert line(house, plain) == "writer worker: none running (`deputize up`)"
    assert line(house, other) == "tester worker: none running (`deputize up`)"
    assert line(house, blocked) == f"needs #{plain}, #{other}"
    assert line(house, held) == f"a person: it is held (`deputize release {held}`)"
    assert line(house, delayed) == f"its time: {shown}"


def test_while_a_worker_is_busy(house: House) -> None:
    """A task at work waits for nothing; the next one waits for a slot, or for its own role."""
    working = house.add(f"{house.awaiting('go')}; echo a > a")
    house.up("worker", "--role", "writer", "--slots", "1")
    house.until_awaited("go")
    waiting = house.add("echo b > b")
    other = house.add("echo fine", "--role", "inspector")
    assert line(house, working) is None
    assert line(house, waiting) == "a free slot"
    assert line(house, other) == "inspector worker: none running (`deputize up`)"


def test_for_a_person(house: House) -> None:
    """A question is named by its number, with what it is about."""
    house.configure("")
    task = house.add("mkdir .github; echo a > .github/a")
    house.up()
    house.until_waiting(task, "a1")
    assert line(house, task) == "a1: changes what continuous integration runs: .github/a"


def test_for_the_checks_and_for_the_agent_to_stop(house: House) -> None:
    """While checks run their change is named; after a cancel, what has to stop is."""
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = '''{house.awaiting('go')}'''\n")
    house.trust()
    task = house.add("echo a > a")
    house.up()
    house.until_awaited("go")
    assert line(house, task) == "checks of c1"
    stubborn = house.add(f"trap '' TERM; {house.awaiting('stop')}")
    house.until_awaited("stop")
    house.cli("cancel", str(stubborn))
    assert line(house, stubborn) == "its agent to stop"


def test_for_the_checkout_of_the_user(house: House) -> None:
    """A file in the way is named, also when there are several, and when one is untracked."""
    house.repo.write("README.md", "mine\n")
    task = house.add("echo fixed >> README.md")
    other = house.add("echo a > new.txt")
    house.repo.write("new.txt", "mine\n")
    house.up()
    house.until_waiting(task, "checkout")
    house.until_waiting(other, "checkout")
    assert line(house, task) == "your checkout of main has local changes in README.md"
    assert line(house, other) == "your checkout of main has untracked files in the way: new.txt"


def test_for_a_worker_to_land_it(house: House) -> None:
    """A change in line waits for a worker where none runs, and for what git is busy with."""
    house.repo.git("config", "merge.conflictStyle", "merge")
    task = house.add("echo a > a")
    (house.repo.git_dir / "BISECT_START").write_text("main\n")
    worker = house.up()
    house.until_waiting(task, "bisect")
    assert line(house, task) == f"a bisect is under way in {house.repo.path}"
    worker.kill()
    assert line(house, task) == "a worker to land it: none running (`deputize up`)"


def test_for_the_next_try(house: House) -> None:
    """After a crash the moment of the next try is named; final tasks wait for nothing."""
    crashed = house.add("kill -9 $$")
    failed = house.add("exit 3")
    house.up()
    assert house.until(failed)["waiting_for"] is None
    house.until_waiting(crashed, "its next try")
    said = line(house, crashed)
    wait_until(lambda: said)
    assert re.fullmatch(r"its next try at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", said or "")


def test_for_a_pause_a_limit_and_a_lock(house: House) -> None:
    """Each names what opens it; status shows what is closed; resuming lets the work go on."""
    house.configure("[landing]\nwithout_checks = 'land'\n[limits]\nlabels.gpu = 1\n")
    house.cli("pause", "--role", "writer", "--reason", "lunch")
    paused = house.add("echo a > a")
    house.up()
    said = "a person: role writer is paused (`deputize resume --role writer`)"
    assert line(house, paused) == said
    assert "role writer is paused" in house.cli("status")
    assert house.json("status")["closed"][0]["reason"] == "lunch"
    house.cli("resume", "--role", "writer")
    assert house.until(paused)["state"] == "done"
    house.add(house.awaiting("go"), "--label", "gpu", "--lock", "db", "--role", "inspector")
    house.until_awaited("go")
    labelled = house.add("echo b", "--label", "gpu", "--role", "inspector")
    locked = house.add("echo c", "--lock", "db", "--role", "inspector")
    assert line(house, labelled) == "its turn: 1 of label gpu at once"
    assert line(house, locked) == "its turn: lock db is taken by #2"
    house.sign("go").touch()
    assert [house.until(task)["result"] for task in (labelled, locked)] == ["b", "c"]


def test_what_waits_can_be_edited_and_what_runs_can_not(house: House) -> None:
    """A new prompt is what the agent gets; bad values are refused as `add` refuses them."""
    task = house.add("echo wrong", "--role", "inspector", "--hold")
    house.cli("edit", str(task), "--prompt", "echo right\nexit", "--title", "better")
    refused = house.say("edit", str(task), "--priority", "11")
    assert (refused.code, "not 11" in refused.err) == (2, True)
    assert house.say("edit", str(task)).code == 2
    house.cli("release", str(task))
    house.up()
    assert house.until(task)["result"] == "right"
    assert house.say("edit", str(task), "--priority", "1").code == 2
