"""The main job on a shared PostgreSQL: as on a file, and through a server that goes and comes."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.fixtures import postgres
from tests.fixtures.house import build, looks_rarely
from tests.fixtures.outstaying import outstay
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """Give a server that the test may stop."""
    made = postgres.Server()
    yield made
    made.remove()


@pytest.fixture
def house(
    server: postgres.Server,
    tmp_path: Path,
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """Give a home whose state is on that server."""
    monkeypatch.setenv("DEPUTIZE_DATABASE", server.url())
    yield from build(tmp_path, clean_environment, database=server.url())


def is_sound(house: House) -> bool:
    """Tell whether the journal is whole and sealed, and nothing is left over."""
    house.until_cleared()
    verified = house.json("audit", "verify")
    return verified["problem"] is None and verified["count"] > 0


def test_the_main_job(house: House) -> None:
    """Added, done, landed, told: with nothing in the home's own file."""
    need = house.add("echo fixed >> README.md; echo I fixed it")
    dependent = house.add("grep fixed README.md > two.txt", "--after", str(need))
    worker = house.up()
    for task in (need, dependent):
        assert house.until(task)["state"] == "done"
    assert house.landed() == ["1", "2"]
    assert house.json("list", "--all")[0]["state"] == "done"
    house.cli("down", "--wait")
    assert worker.wait() == 0
    assert is_sound(house)
    assert not house.home.database.exists()


def test_a_worker_starts_by_itself(house: House) -> None:
    """It gets the address of the database, and the agent doesn't."""
    del house.environment["DEPUTIZE_WORKER__AUTOSTART"]
    house.cli("add", "-q", "env > seen.txt\nexit")
    assert house.until(1)["state"] == "done"
    assert "DEPUTIZE_DATABASE" not in house.repo.content("main", "seen.txt")
    house.cli("down", "--wait")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_a_server_that_restarts_costs_no_task_a_try(
    house: House, server: postgres.Server, how: signal.Signals
) -> None:
    """Connections are cut, the server goes and comes back; what runs goes on and lands."""
    running = [house.add(f"{house.awaiting(name)}; echo {name} > {name}.txt") for name in "ab"]
    house.up()
    for name in "ab":
        house.until_awaited(name)
    server.cut_connections("postgres")
    house.sign("a").touch()
    assert house.until(running[0])["state"] == "done"
    server.stop(how)
    house.sign("b").touch()
    server.start()
    later = house.add("echo c > c.txt")
    for task in (*running, later):
        document = house.until(task)
        assert (document["state"], len(document["attempts"])) == ("done", 1)
    assert sorted(house.landed()) == sorted(str(task) for task in (*running, later))
    house.cli("down", "--wait")
    assert is_sound(house)


def test_a_stopped_worker_is_replaced_and_writes_nothing(house: House) -> None:
    """Beyond its lease the task is another's; woken, it says so and ends nothing twice."""
    task = house.add(f"{house.awaiting('go')}; echo a > a.txt")
    sleeper = house.up()
    house.until_awaited("go")
    outstay(house, sleeper)
    house.sign("go.awaited").unlink()
    other = house.up()
    house.until_awaited("go")
    sleeper.tell(signal.SIGCONT)
    wait_until(lambda: "lease" in house.log(task))
    house.sign("go").touch()
    document = house.until(task)
    assert document["state"] == "done"
    assert [attempt["outcome"] for attempt in document["attempts"]] == ["worker_lost", "succeeded"]
    assert house.landed() == [str(task)]
    house.until_alone(sleeper, other)
    sleeper.tell(signal.SIGTERM)
    sleeper.wait()  # what it left is taken away by the other, once it has gone
    assert is_sound(house)


def test_an_idle_worker_hears_of_work_without_looking(
    house: House, server: postgres.Server
) -> None:
    """One that looks only rarely takes up at once what another machine adds: it has no doorbell.

    Its connections are cut before: it listens again.
    """
    house.environment["PYTHONPATH"] = str(looks_rarely(house.folder / "slow"))
    house.up()
    house.until(house.add("true", "--role", "tester"))
    server.run("postgres", "UPDATE workers SET doorbell = NULL")
    for round_ in range(3):
        if round_ == 1:
            server.cut_connections("postgres")
        document = house.until(house.add("echo fine", "--role", "inspector"))
        assert document["state"] == "done"
