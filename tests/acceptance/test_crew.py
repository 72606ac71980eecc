"""Several workers, as several terminals have them: roles, sharing, health, crashes, Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House

REVIEWER = """
[agents.reviewer]
kind = "command"
command = ["/bin/bash", "-c", "echo reviewed; cat"]
[roles.reviewer]
change = "forbidden"
preamble = "You review. Be kind."
agent = "reviewer"
"""


def test_two_workers_of_a_role_share_its_tasks_and_leave_the_others(house: House) -> None:
    """Each has its own log; `status` tells what each is at."""
    first = house.up("worker", "--role", "writer", "--slots", "1")
    second = house.up("worker", "--role", "writer", "--slots", "1")
    inspector = house.add("echo fine", "--role", "inspector")
    for mine in ("a", "b"):
        house.add(f"{house.awaiting(mine)}; echo > {mine}")
    for mine in ("a", "b"):
        house.until_awaited(mine)
    board = house.cli("status")
    assert board.count("writer  1 of 1 slots  heard of") == 2
    assert "inspector worker: none running" in board
    for mine in ("a", "b"):
        house.sign(mine).touch()
    ended = [house.until(task) for task in (2, 3)]
    assert [task["state"] for task in ended] == ["done", "done"]
    names = {task["attempts"][0]["worker"]: task["id"] for task in ended}
    assert len(names) == 2
    for worker in (first, second):
        worker.tell(signal.SIGINT)
        assert worker.wait() == 0
    for name, task in names.items():
        noted = house.json("logs", "--worker", name)["lines"]
        events = [(line["event"], line.get("task")) for line in noted]
        assert events[0] == ("started", None)
        assert ("attempt begins", task) in events
        assert ("attempt has ended", task) in events
        assert {line.get("task") for line in noted} == {None, task}
        assert "outcome='succeeded'" in house.cli("logs", "--worker", name)
    assert house.look(inspector)["state"] == "queued"


def test_a_role_of_one_s_own_is_a_few_lines_of_settings(house: House) -> None:
    """Its preamble reaches its agent, only its worker takes it, and what it says is the result."""
    house.configure(REVIEWER)
    task = house.add("look at README.md", "--role", "reviewer")
    other = house.add("echo a > a")
    house.up("worker", "--role", "reviewer")
    document = house.until(task)
    assert (document["state"], document["agent"], document["change"]) == ("done", "reviewer", None)
    said = document["result"]
    assert said.startswith("reviewed")
    assert "look at README.md" in said
    assert "You review. Be kind." in said
    assert house.look(other)["state"] == "queued"


def test_an_agent_that_does_not_ask_is_not_held_to_tools(house: House) -> None:
    """It is refused when a task is added, and fails where the settings have changed since."""
    house.configure(REVIEWER)
    task = house.add("look at it", "--role", "reviewer")
    house.configure(f"{REVIEWER}tools = ['read']\n")
    refused = house.say("add", "x", "--role", "reviewer")
    assert (refused.code, "agent reviewer can't be held to it" in refused.err) == (2, True)
    assert "such as copilot" in refused.err
    house.up()
    document = house.until(task)
    assert (document["state"], document["error"]["reason"]) == ("failed", "policy_denied")
    assert "reviewer can't be held to it" in document["error"]["message"]
    house.configure(f"{REVIEWER}tools = ['read', 'knife']\n")
    wrong = house.say("list")
    assert (wrong.code, "`roles.reviewer.tools.1` must be" in wrong.err) == (3, True)


def test_the_live_view_ends_with_the_last_task_and_tells_the_ends(house: House) -> None:
    """What runs is on it, with the worker; what failed is told with its reason, once."""
    good = house.add(f"{house.awaiting('go')}; echo fine", "--role", "inspector")
    house.add("echo 1 failed; exit 1", "--role", "tester")
    house.up()
    house.until_awaited("go")
    house.until(2)
    view = watching(house, "--role", "inspector")
    both = watching(house)
    third = house.add(f"{house.awaiting('go')}; exit 3", "--role", "inspector")
    for watcher in (view, both):
        assert watcher.stdout is not None
        lines = iter(watcher.stdout.readline, "")
        assert any(f"#{third} " in line for line in lines)
    house.sign("go").touch()
    house.until(good)
    house.until(third)
    for watcher in (view, both):
        out, err = watcher.communicate(timeout=40)
        assert (watcher.returncode, err) == (0, "")
        assert "nothing is open · 1 worker with 3 slots" in out
        assert out.rstrip().splitlines()[-2].startswith("ended: 1 done, 1 failed")
        assert f"#{third} failed: " in out.rstrip().splitlines()[-1]
    cut = house.say("status", "--watch", "--json")
    assert cut.code == 2


def watching(house: House, *words: str) -> subprocess.Popen[str]:
    """Start a live view that is drawn anew every second."""
    return subprocess.Popen(
        (sys.executable, "-m", "deputize", "status", "--watch", "1", *words),
        cwd=house.repo.path,
        env=house._environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_worker_that_is_started_again_picks_up_where_the_killed_one_was(house: House) -> None:
    """Its task is tried again at no cost, the rest follows, and its log tells what it was at."""
    first = house.add(f"{house.awaiting('go')}; echo a > a")
    second = house.add("echo b > b")
    worker = house.up("worker", "--role", "writer", "--slots", "1")
    house.until_awaited("go")
    name = house.look(first)["attempts"][0]["worker"]
    worker.kill()
    assert name in house.cli("status")
    assert "gone" in house.cli("workers")
    house.sign("go").touch()
    house.up("worker", "--role", "writer", "--slots", "1")
    assert [house.until(task)["state"] for task in (first, second)] == ["done", "done"]
    outcomes = [attempt["outcome"] for attempt in house.look(first)["attempts"]]
    assert outcomes == ["worker_lost", "succeeded"]
    assert sorted(house.landed()) == ["1", "2"]
    noted = house.say("logs", "--worker", name, "-f")
    assert (noted.code, noted.out.count("attempt begins")) == (0, 1)
    assert "attempt has ended" not in noted.out


def test_ctrl_c_twice_stops_at_once_and_loses_nothing(house: House) -> None:
    """The first lets it drain; with the second the task goes back, and the next worker does it."""
    task = house.add(f"echo half > half; {house.awaiting('go')}")
    worker = house.up("worker", "--role", "writer")
    house.until_awaited("go")
    worker.tell(signal.SIGINT)
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    assert "draining" in house.cli("status")
    worker.tell(signal.SIGINT)
    assert worker.wait() == 0
    document = house.look(task)
    assert (document["state"], document["attempts"][0]["outcome"]) == ("queued", "worker_lost")
    house.sign("go").touch()
    house.up("worker", "--role", "writer")
    assert house.until(task)["state"] == "done"
    assert house.landed() == [str(task)]
