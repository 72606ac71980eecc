"""A disk that fills up: told clearly, nothing lost, and work goes on once there is space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.disks import fill, small_disk
from tests.fixtures.house import build
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House

KIBIBYTES = 32 * 1024


@pytest.fixture
def house(tmp_path: Path, clean_environment: Path) -> Iterator[House]:
    """Give a house whose home is on a small disk of its own."""
    with small_disk(tmp_path / "disk", KIBIBYTES) as disk:
        house_on_disk = build(tmp_path, clean_environment, home=disk / "home")
        for house in house_on_disk:
            house.environment["DEPUTIZE_LOG"] = "warning"
            yield house


def test_a_disk_that_fills_up_while_an_agent_works(house: House) -> None:
    """The finished work waits for space, then lands from that same attempt, and no worker dies."""
    task = house.add(f"echo a > a.txt; {house.awaiting('full')}")
    worker = house.up()
    house.until_awaited("full")
    ballast = fill(house.home.path.parent)
    house.sign("full").touch()
    wait_until(lambda: "the work can't be saved yet" in worker.output.read_text())
    assert house.look(task)["state"] == "running"
    ballast.unlink()
    document = house.until(task)
    assert document["state"] == "done"
    assert len(document["attempts"]) == 1
    assert house.repo.content("main", "a.txt") == "a"
    house.until_cleared()


def test_an_agent_that_fails_on_a_full_disk(house: House) -> None:
    """An agent that can't write has not failed itself: the task goes on by itself, and says why."""
    task = house.add(f"{house.awaiting('full')}; echo a > a.txt")
    worker = house.up()
    house.until_awaited("full")
    ballast = fill(house.home.path.parent)
    house.sign("full").touch()
    house.until_alone(worker)
    wait_until(lambda: "yet" in worker.output.read_text())
    ballast.unlink()
    house.until_waiting(task, "is full")
    (attempt,) = house.look(task)["attempts"]
    assert attempt["outcome"] == "out_of_disk"
    assert "is full" in attempt["error"]


def test_a_task_can_not_be_added_to_a_full_disk(house: House) -> None:
    """`add` says that the disk is full, what to do, and stores nothing by halves."""
    first = house.add("echo a > a.txt")
    ballast = fill(house.home.path.parent)
    said = house.say("add", "-q", "--no-start", "-", stdin="x" * 1_000_000)
    assert said.code == 5
    assert "full" in said.err
    assert "hint:" in said.err
    ballast.unlink()
    assert house.add("echo b > b.txt") == first + 1
    house.up()
    assert house.until(first + 1)["state"] == "done"


def test_a_worker_outlives_a_full_disk(house: House) -> None:
    """A worker that idles on a full disk is there when space is, and takes what was queued."""
    task = house.add("echo a > a.txt", "--hold")
    worker = house.up()
    ballast = fill(house.home.path.parent)
    wait_until(lambda: worker.output.read_text().count("warning") > 1, deadline_seconds=40)
    assert worker.process.poll() is None
    ballast.unlink()
    house.cli("release", str(task))
    assert house.until(task)["state"] == "done"
