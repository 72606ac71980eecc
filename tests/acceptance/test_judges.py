"""A race that an agent judges: it is shown what passed; its verdict lands, or it goes without."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.databases import DATABASES
from tests.fixtures.race_tracks import ended, race, race_track, reasons, script
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House

LARGE, SMALL = "seq 9 > work.txt", "echo small > work.txt"
ASKED = (
    "cat > {asked}; "
    "letter=$(awk '/ change [A-J]: /{{l=$4}} /^[+]9$/{{print substr(l,1,1)}}' {asked})"
)
"""Keeps what the judge is told, and finds the letter of the larger change in it."""
VERDICT = """printf '{"choice": "%s", "reason": "it counts to nine"}' $letter"""


STEPS = (
    *("change.proposed", "change.checked", "task.queued", "attempt.started"),
    *("attempt.milestone", "attempt.finished", "change.chosen", "change.landed"),
)
"""What the trail tells on the way of a race that an agent judges, in this order."""


@pytest.fixture(params=DATABASES)
def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """Give a house on either database, with agents that run the script of their own name."""
    for made in race_track(request.param, tmp_path, clean_environment, monkeypatch):
        script(made, a=LARGE, b=SMALL)
        yield made


def judge(house: House, text: str = VERDICT, *words: str) -> str:
    """Queue a race that the agent `j` judges by this script, and return its plan."""
    script(house, j=f"{ASKED.format(asked=house.sign('asked'))}; {text}")
    return race(house, "--judge", "agent:j", *words)


def until_told(house: House, kind: str) -> None:
    """Return once the trail tells this of the judge, or of a change."""
    query = "SELECT 1 FROM events WHERE kind = ? AND (task = 3 OR change IS NOT NULL)"
    wait_until(lambda: house.rows(query, kind), deadline_seconds=40)


def chosen(house: House) -> dict[str, Any]:
    """Return what the trail says of the choice."""
    ((body,),) = house.rows("SELECT body FROM events WHERE kind = 'change.chosen'")
    found: dict[str, Any] = json.loads(body)
    return found


def test_what_the_agent_finds_best_lands(house: House) -> None:
    """It is shown both without their makers, in a task of its own; its reason is on record."""
    judge(house)
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert house.landed() == ["1"]
    assert chosen(house) == {
        "plan": 1,
        "judge": "agent",
        "judging": 3,
        "reason": "it counts to nine",
    }
    task = house.look(3)
    assert (task["title"], task["role"], task["state"]) == ("judging #1, #2", "judge", "done")
    assert json.loads(task["result"])["reason"] == "it counts to nine"
    assert (task["change"], len(task["attempts"])) == (None, 1)
    told = house.sign("asked").read_text()
    assert "The task was:\n\ndo it\n" in told
    assert "change A: 1 file, +" in told
    assert "+small\n" in told
    assert str(house.home.path) not in told
    house.until_cleared()


def test_what_it_said_is_told_everywhere(house: House) -> None:
    """With its reason, and which change had which letter; the judge is none of those compared."""
    plan = judge(house, VERDICT, "--key", "k")
    house.up()
    ended(house)
    told = house.json("compare", plan)
    assert [row["id"] for row in told["tasks"]] == [1, 2]
    race = told["race"]
    assert (race["judge"], race["judge_agent"], race["winner"]) == ("agent", "j", 1)
    judging = race["judging"]
    assert sorted(one["letter"] for one in judging["candidates"]) == ["A", "B"]
    changed = {row["id"]: row["change"]["id"] for row in told["tasks"]}
    assert {one["task"]: one["change"] for one in judging["candidates"]} == changed
    assert (judging["task"], judging["choice"], judging["fallback"]) == (3, 1, None)
    assert judging["reason"] == "it counts to nine"
    for task in ("1", "2", "3"):
        assert house.json("show", task)["race"] == race
        page = house.cli("show", task)
        assert f"judge agent:j, c{changed[1]} was chosen" in page
        assert "#3 chose #1: it counts to nine" in page
    for words in (("compare", plan), ("plan", "show", plan)):
        page = house.cli(*words)
        assert "a race, judge agent:j: #1 has won" in page
        assert "#3 chose #1: it counts to nine" in page
    page = house.cli("plan", "show", plan)
    assert sorted(page.partition("\n")[0].split(" (")[1][:-1].split(", ")) == [
        "1 cancelled",
        "1 done",
    ]
    assert "judging #1, #2" in page
    assert house.json("plan", "show", plan)["counts"] == {"done": 1, "cancelled": 1}
    assert house.say("wait", "--plan", plan).code == 0
    assert judge(house, VERDICT, "--key", "k") == plan


def test_prose_is_asked_for_a_verdict_once_more(house: House) -> None:
    """With what was wrong about it; the second answer counts, and reaches no terminal raw."""
    again = house.sign("again")
    hostile = VERDICT.replace("counts to", r"counts \\u001b[31m\\nto")
    judge(house, f"if test -e {again}; then {hostile}; else touch {again}; echo I like both; fi")
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert "reason" in chosen(house)
    assert "is not valid JSON at line 1, column 1" in house.log(3)
    for words in (("compare", "p1"), ("show", "1"), ("show", "3")):
        page = house.cli(*words)
        assert "it counts" in page
        assert "\x1b" not in page
    assert len(house.look(3)["attempts"]) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo I like both", "unusable_answer: its answer can't be used, nor the one before it"),
        ('echo \'{"choice": "Z", "reason": "x"}\'', 'one of A, B, not "Z"'),
        ("touch mine; " + VERDICT, "policy_denied: the agent changed 1 file"),
        ("exit 3", "agent_error"),
    ],
)
def test_without_a_verdict_the_smallest_lands_and_that_is_told(
    house: House, text: str, why: str
) -> None:
    """Whatever the agent does instead: it is one failed task more, and on record."""
    judge(house, text)
    house.up()
    assert reasons(ended(house)) == ["race_lost", None]
    assert house.landed() == ["2"]
    told = chosen(house)
    assert (told["judging"], told["fallback"]) == (3, "smallest")
    assert why in told["reason"]
    assert house.look(3)["state"] == "failed"
    found = house.json("compare", "p1")["race"]["judging"]
    assert (found["choice"], found["fallback"]) == (None, "smallest")
    assert found["reason"] == told["reason"]
    assert "#3 could not say, so the smallest was taken: " in house.cli("show", "2")


def test_where_one_passes_nobody_is_asked(house: House) -> None:
    """What fails its checks is out."""
    script(house, b="echo bad > work.txt")
    judge(house)
    house.up()
    assert reasons(ended(house)) == [None, "checks_failed"]
    assert chosen(house)["reason"] == "no other is left"
    assert house.rows("SELECT count(*) FROM tasks") == [(2,)]


def test_kill9_while_it_is_judged(house: House) -> None:
    """The judge is taken over like any task, and nothing is asked or chosen twice."""
    judge(house, f"{house.awaiting('go')}; {VERDICT}")
    worker = house.up()
    house.until_awaited("go")
    assert house.until_waiting(1, "its race: #3 judges it")
    assert "#3 is judging #1, #2" in house.cli("compare", "p1")
    worker.kill()
    house.sign("go").touch()
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert house.landed() == ["1"]
    task = house.look(3)
    assert [each["outcome"] for each in task["attempts"]] == ["worker_lost", "succeeded"]
    assert chosen(house)["judging"] == 3
    assert house.rows("SELECT count(*) FROM tasks") == [(3,)]
    house.until_cleared()


def test_kill9_after_each_step_of_the_judging(house: House) -> None:
    """Each worker is killed once the trail tells the next step; the race ends all the same."""
    judge(house)
    for kind in STEPS:
        worker = house.up()
        until_told(house, kind)
        worker.kill()
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert house.landed() == ["1"]
    assert chosen(house)["reason"] == "it counts to nine"
    assert house.rows("SELECT count(*) FROM tasks") == [(3,)]
    assert house.look(3)["state"] == "done"
    assert house.json("plan", "show", "p1")["state"] == "done"
    house.until_cleared()


def test_kill9_between_the_verdict_and_the_landing(house: House) -> None:
    """What was chosen lands, however it would be judged now."""
    house.repo.write("work.txt", "in the way\n")
    judge(house)
    worker = house.up()
    house.until_waiting(1, "work.txt")
    worker.kill()
    (house.repo.path / "work.txt").unlink()
    script(house, j="exit 1")
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert chosen(house)["reason"] == "it counts to nine"
    assert house.landed() == ["1"]


def test_a_worker_that_leaves_does_not_wait_for_a_judge(house: House) -> None:
    """Nobody is there who takes the role: it is told so, and the next worker goes on."""
    judge(house)
    worker = house.start("worker", "--role", "writer")
    house.until_waiting(1, "its race: #3 judges it")
    house.until_waiting(3, "judge worker: none running")
    worker.tell(signal.SIGTERM)
    assert worker.wait() == 0
    assert house.until_waiting(1, "a worker to land it")
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]


def test_cancelling_the_race_cancels_its_judge(house: House) -> None:
    """It is a task of the plan."""
    plan = judge(house, house.awaiting("never"))
    house.up()
    house.until_awaited("never")
    house.cli("cancel", "--plan", plan, "--yes")
    assert reasons(ended(house, 3)) == ["cancelled"] * 3
    assert house.landed() == []
    assert house.json("plan", "show", plan)["state"] == "failed"
