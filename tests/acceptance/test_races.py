"""Best of several: one task, several agents, one change that lands, the others beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.databases import DATABASES
from tests.fixtures.house import LAND
from tests.fixtures.race_tracks import ended, race, race_track, reasons, script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House


@pytest.fixture(params=DATABASES)
def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """Give a house on either database, with agents that run the script of their own name."""
    yield from race_track(request.param, tmp_path, clean_environment, monkeypatch)


def test_the_first_that_passes_its_checks_lands_and_the_rest_is_stopped(house: House) -> None:
    """One that still works is ended, and what it had done stays readable."""
    script(
        house,
        a=f"echo half > work.txt; {house.awaiting('never')}",
        b=f"{house.awaiting('go')}; echo good > work.txt",
    )
    plan = race(house)
    worker = house.up()
    house.until_awaited("never")
    house.sign("go").touch()
    first, second = ended(house)
    assert reasons([first, second]) == ["race_lost", None]
    assert first["error"]["message"] == "#2 (b) has won the race"
    assert house.repo.content("main", "work.txt") == "good"
    assert house.landed() == ["2"]
    assert "+half" in house.cli("diff", "1")
    assert "+good" in house.cli("diff", "2")
    (half, good) = house.json("compare", plan)["tasks"]
    assert (half["files"], half["added"], half["change"], half["chosen"]) == (1, 1, None, False)
    assert (good["files"], good["added"], good["chosen"]) == (1, 1, True)
    assert house.say("wait", "--plan", plan).code == 0
    house.until_alone(worker)


def test_of_two_that_pass_at_once_one_lands(house: House) -> None:
    """Whichever it is; the other's change is withdrawn, and its diff stays readable."""
    script(house, **{name: f"{house.awaiting('go')}; echo {name} > work.txt" for name in "ab"})
    race(house)
    for _ in range(2):
        house.start("worker", "--slots", "1")
    house.until_awaited("go")
    house.sign("go").touch()
    found = ended(house)
    assert sorted(task["state"] for task in found) == ["cancelled", "done"]
    (winner,) = (task for task in found if task["state"] == "done")
    (loser,) = (task for task in found if task["state"] == "cancelled")
    assert loser["error"]["reason"] == "race_lost"
    assert house.landed() == [str(winner["id"])]
    assert house.repo.content("main", "work.txt") == winner["agent"]
    assert f"+{loser['agent']}" in house.cli("diff", str(loser["id"]))
    assert house.rows("SELECT count(*) FROM events WHERE kind = 'change.chosen'") == [(1,)]


def test_the_smallest_of_those_that_passed_lands(house: House) -> None:
    """Once all have ended: what fails its checks is out, however small; side by side it shows."""
    script(
        house,
        a="seq 50 > work.txt",
        b=f"{house.awaiting('go')}; echo bad > work.txt",
        c="seq 3 > work.txt",
    )
    plan = race(house, "--judge", "smallest", agents="a,b,c")
    house.up()
    house.until_waiting(1, "its race: to be judged with #2")
    house.until_waiting(3, "its race: to be judged with #2")
    assert house.landed() == []
    house.sign("go").touch()
    assert reasons(ended(house, 3)) == ["race_lost", "checks_failed", None]
    assert house.repo.content("main", "work.txt") == "1\n2\n3"
    shown = house.json("compare", plan)
    assert (shown["race"]["judge"], shown["race"]["winner"]) == ("smallest", 3)
    told = [(row["agent"], row["added"], row["chosen"], row["checks"]) for row in shown["tasks"]]
    assert [row[:3] for row in told] == [("a", 50, False), ("b", 1, False), ("c", 3, True)]
    assert [[check["passed"] for check in row[3]] for row in told] == [[True], [False], [True]]
    page = house.cli("compare", plan)
    assert "judge smallest: #3 has won" in page
    assert "failed: good" in page
    assert house.json("plan", "show", plan)["state"] == "done"


def test_where_all_fail_the_race_has_failed(house: House) -> None:
    """With each one's reason in the trail, and as exit code; one that is revived may still win."""
    script(house, a="echo no; exit 3", b="echo bad > work.txt")
    plan = race(house)
    house.up()
    assert reasons(ended(house)) == ["agent_error", "checks_failed"]
    assert house.say("wait", "--plan", plan).code == 1
    assert house.json("plan", "show", plan)["state"] == "failed"
    ((told,),) = house.rows("SELECT body FROM events WHERE kind = 'plan.failed'")
    assert "a: agent_error" in told
    assert "b: checks_failed: failed on the merged tree: good" in told
    script(house, a="echo good > work.txt")
    house.cli("retry", "1", "--yes")
    assert house.until(1)["state"] == "done"
    assert house.landed() == ["1"]
    refused = house.say("retry", "2")
    assert refused.code == 2
    assert "#1 (a) has won the race" in refused.err


@pytest.mark.parametrize("has_moved", [False, True])
def test_kill9_between_the_first_pass_and_the_end_of_the_rest(
    house: House, *, has_moved: bool
) -> None:
    """Rows decide: what was chosen lands, be it that the branch has moved; the rest has lost."""
    script(
        house,
        a="echo a > work.txt",
        b=f"echo b > work.txt; {house.awaiting('go')}",
    )
    house.repo.write("work.txt", "in the way\n")
    race(house)
    worker = house.up()
    house.until_waiting(1, "work.txt")
    house.until_awaited("go")
    worker.kill()
    (house.repo.path / "work.txt").unlink()
    if has_moved:
        ((candidate,),) = house.rows("SELECT candidate FROM changes WHERE task = 1")
        house.repo.git("merge", "--quiet", "--ff-only", candidate)
    house.sign("go").touch()
    house.up()
    assert reasons(ended(house)) == [None, "race_lost"]
    assert house.landed() == ["1"]
    assert house.repo.content("main", "work.txt") == "a"
    assert "+b" in house.cli("diff", "2")
    house.until_cleared()


def test_cancelling_the_race_cancels_all(house: House) -> None:
    """What runs and what waits; nothing lands, and it says that a person did so."""
    script(house, **{name: f"echo {name} > work.txt; {house.awaiting('never')}" for name in "ab"})
    plan = race(house)
    held = race(house, "--hold")
    house.up()
    house.until_awaited("never")
    house.cli("cancel", "--plan", plan, "--yes")
    house.cli("cancel", "--plan", held, "--yes")
    assert reasons(ended(house, 4)) == ["cancelled"] * 4
    assert house.say("wait", "--plan", plan).code == 1
    assert house.landed() == []


def test_a_race_from_a_file_lands_one_change(house: House) -> None:
    """A plan with `race` gives its one task to each of its agents."""
    script(house, a="seq 9 > work.txt", b="seq 2 > work.txt")
    document = {
        "race": {"agents": ["a", "b"], "judge": "smallest"},
        "tasks": [{"prompt": "do it"}],
    }
    assert house.say("run", "-", "--no-start", stdin=json.dumps(document)).code == 0
    house.up()
    assert reasons(ended(house)) == ["race_lost", None]
    assert house.landed() == ["2"]


def test_where_a_person_is_asked_the_answer_chooses(house: House) -> None:
    """Each change asks; the first that gets a yes lands, and the other question is void."""
    text = house.home.config.read_text()
    house.home.config.write_text(text.replace(LAND, f"{LAND}mode = 'ask'\n"))
    script(house, a="echo a > work.txt", b="echo b > work.txt")
    race(house)
    house.up()
    for task in (1, 2):
        house.until_waiting(task, "landing asks first")
    house.cli("approve", "2")
    assert reasons(ended(house)) == ["race_lost", None]
    assert house.json("approvals") == []
    assert house.look(1)["change"]["state"] == "withdrawn"
    assert house.landed() == ["2"]


def test_while_one_lands_nobody_is_asked_about_another(house: House) -> None:
    """What was chosen waits for a checkout: the other is neither assessed nor checked meanwhile."""
    script(
        house,
        a="echo a > work.txt",
        b=f"{house.awaiting('go')}; mkdir .github; echo b > .github/w.yml",
        c="echo c > other.txt",
    )
    house.repo.write("work.txt", "in the way\n")
    race(house)
    house.up()
    house.until_waiting(1, "work.txt")
    house.until_awaited("go")
    house.sign("go").touch()
    house.until_waiting(2, "its race: c1 comes first")
    other = house.cli("add", "-q", "--no-start", "--agent", "c", "something else")
    assert house.until(int(other))["state"] == "done"
    assert house.json("approvals") == []
    house.cli("cancel", "1", "--yes")
    house.until_waiting(2, "continuous integration")
    house.cli("approve", "2")
    assert reasons(ended(house)) == ["cancelled", None]
    assert house.landed() == [other, "2"]


def test_what_the_target_has_already_waits_for_the_judge_too(house: House) -> None:
    """A change that would move nothing doesn't win by that before the others have ended."""
    script(
        house,
        a=f"{house.awaiting('moved')}; echo same > work.txt",
        b=f"{house.awaiting('go')}; echo other > work.txt",
    )
    plan = race(house, "--judge", "smallest")
    house.up()
    house.until_awaited("moved")
    house.repo.commit(work__txt="same\n")
    house.sign("moved").touch()
    house.until_waiting(1, "its race: to be judged with #2")
    assert house.json("plan", "show", plan)["race"]["winner"] is None
    house.sign("go").touch()
    assert reasons(ended(house)) == [None, "conflict"]
    assert house.landed() == []
