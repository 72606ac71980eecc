"""A plan from its file to the branch, with real workers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fixtures.house import House


def run(house: House, *tasks: dict[str, Any]) -> None:
    """Queue a plan whose tasks' prompts are scripts."""
    scripts = [task | {"prompt": f"{task['prompt']}\nexit"} for task in tasks]
    said = house.say("run", "-", "--no-start", stdin=json.dumps({"tasks": scripts}))
    assert said.code == 0, said.err


def test_each_starts_from_what_those_that_it_needs_have_landed(house: House) -> None:
    """Fan-out and fan-in: the last one finds the files of all, at a base that is pinned."""
    run(
        house,
        {"name": "a", "prompt": "echo a > a.txt"},
        {"name": "b", "prompt": "cat a.txt > b.txt", "needs": ["a"]},
        {"name": "c", "prompt": "cat a.txt > c.txt", "needs": [{"id": "a", "on": "landed"}]},
        {"prompt": "cat a.txt b.txt c.txt > d.txt", "needs": ["b", {"id": "c", "on": "end"}]},
    )
    house.up()
    last = house.until(4)
    assert last["state"] == "done", last
    assert house.repo.content("main", "d.txt") == "a\na\na"
    for need in (2, 3):
        ((landed,),) = house.rows("SELECT landed_commit FROM changes WHERE task = ?", need)
        house.repo.git("merge-base", "--is-ancestor", landed, last["base"])
    assert house.json("plan", "show", "p1")["state"] == "done"
    assert house.rows("SELECT count(*) FROM events WHERE kind = 'plan.done'") == [(1,)]


def test_a_report_is_written_though_what_it_waits_for_fails(house: House) -> None:
    """It is released by the end, with a base; what needed the success falls, and the plan fails."""
    run(
        house,
        {"name": "work", "prompt": "echo no; exit 3"},
        {"prompt": "echo never > never.txt", "needs": ["work"]},
        {
            "prompt": "echo it went badly",
            "role": "inspector",
            "needs": [{"id": "work", "on": "end"}],
        },
    )
    house.up()
    report = house.until(3)
    assert (report["state"], report["result"].strip()) == ("done", "it went badly")
    assert report["base"] == house.repo.head()
    assert house.until(2)["error"]["reason"] == "need_failed"
    assert house.json("plan", "show", "1")["counts"] == {"cancelled": 1, "done": 1, "failed": 1}
    assert house.rows("SELECT count(*) FROM events WHERE kind = 'plan.failed'") == [(1,)]


def test_a_plan_starts_a_worker_by_itself(house: House) -> None:
    """Nobody has to, and `status --watch` ends when all of it has."""
    house.environment = {}
    plan = {"tasks": [{"prompt": "echo a > a.txt\nexit"}]}
    said = house.say("run", "-", stdin=json.dumps(plan))
    assert "a worker was started in the background" in said.err
    assert house.until(1)["state"] == "done"
    assert "nothing is open" in house.cli("status", "--plan", "p1", "--watch", "1")
