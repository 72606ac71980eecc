"""Stopping: tasks in whatever state, and workers."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House

SETTINGS = "[checks.c]\ncommand = '''{}'''\n"
FAMILY = "sleep 1000 & setsid sleep 1000 & env -i setsid sleep 1000 &"


def test_cancel_what_is_queued(house: House) -> None:
    """A queued task is cancelled at once, with no worker there, and is never run."""
    task = house.add(f"touch {house.sign('ran')}")
    house.cli("cancel", str(task))
    assert house.look(task)["error"]["reason"] == "cancelled"
    other = house.add("echo a > a")
    house.up()
    house.until(other)
    assert not house.sign("ran").exists()
    assert house.say("cancel", str(task)).code == 0


def test_cancel_during_setup(house: House) -> None:
    """A setup step that runs is ended with its children, and no agent starts."""
    command = f"{FAMILY} {house.awaiting('never')}"
    settings = f"[workspace]\nsetup = [{{command = '''{command}'''}}]\n"
    house.repo.commit(deputize__toml=settings)
    house.trust()
    task = house.add(f"touch {house.sign('ran')}")
    worker = house.up()
    house.until_awaited("never")
    house.cli("cancel", str(task))
    assert house.until(task)["state"] == "cancelled"
    house.until_alone(worker)
    assert not house.sign("ran").exists()


def test_cancel_a_running_agent(house: House) -> None:
    """The agent's whole process tree is ended, and what it had written is kept on a ref."""
    task = house.add(f"echo half > half.txt; {FAMILY} {house.awaiting('never')}")
    worker = house.up()
    house.until_awaited("never")
    house.cli("cancel", str(task))
    document = house.until(task)
    assert (document["state"], document["error"]["reason"]) == ("cancelled", "cancelled")
    assert document["attempts"][0]["outcome"] == "cancelled"
    house.until_alone(worker)
    assert house.mirror().content("refs/deputize/1/1", "half.txt") == "half"
    house.until_cleared()


def test_cancel_during_checks(house: House) -> None:
    """Checks that run are ended at once, and the change is withdrawn, not blamed."""
    command = f"{FAMILY} {house.awaiting('never')}"
    house.repo.commit(deputize__toml=SETTINGS.format(command))
    house.trust()
    task = house.add("echo a > a")
    worker = house.up()
    house.until_awaited("never")
    house.cli("cancel", str(task))
    document = house.until(task)
    assert (document["state"], document["change"]["state"]) == ("cancelled", "withdrawn")
    house.until_alone(worker)
    house.until_cleared()
    assert house.repo.listing("main") == ["README.md", "deputize.toml"]


def test_cancel_what_awaits_an_approval(house: House) -> None:
    """The change is withdrawn and the question needs no answer any more."""
    house.configure("")
    task = house.add("echo a > a")
    house.up()
    house.until_waiting(task, "a1")
    house.cli("cancel", str(task))
    assert house.until(task)["change"]["state"] == "withdrawn"
    assert house.json("approvals") == []
    assert house.say("approve", "a1").code == 2


def test_cancel_what_can_not_land(house: House) -> None:
    """A task whose branch is gone can still be cancelled while it waits for it."""
    house.repo.git("branch", "soon")
    task = house.add(f"echo a > a; {house.awaiting('gone')}", "--target", "soon")
    house.up()
    house.until_awaited("gone")
    house.repo.git("branch", "-D", "soon")
    house.sign("gone").touch()
    house.until_waiting(task, "there is no branch soon")
    house.cli("cancel", str(task))
    assert house.until(task)["state"] == "cancelled"


def test_cancelled_and_then_revived(house: House) -> None:
    """After a cancel `retry` starts the task over, and it lands once."""
    task = house.add(
        f"test -e {house.sign('again')} || {{ {house.awaiting('never')}; }}; echo a > a"
    )
    house.up()
    house.until_awaited("never")
    house.cli("cancel", str(task))
    house.until(task)
    house.sign("again").touch()
    house.cli("retry", str(task))
    assert house.until(task, "done", "failed")["state"] == "done"
    assert house.landed() == ["1"]


def test_sigterm_drains(house: House) -> None:
    """Told once to end, a worker finishes what it has in hand and starts nothing more."""
    first = house.add(f"{house.awaiting('go')}; echo a > a")
    worker = house.up("worker", "--slots", "1")
    house.until_awaited("go")
    second = house.add("echo b > b")
    worker.tell(signal.SIGTERM)
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    house.sign("go").touch()
    assert worker.wait() == 0
    assert house.look(first)["attempts"][0]["outcome"] == "succeeded"
    assert house.look(second)["attempts"] == []
    house.up()
    assert [house.until(task)["state"] for task in (first, second)] == ["done", "done"]
    assert house.landed() == ["1", "2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_drains_lands_what_it_made(house: House, number: int) -> None:
    """The change of its last attempt is on the branch when it has ended."""
    house.repo.commit(deputize__toml="[checks.c]\ncommand = 'sleep 0.5'\n")
    house.trust()
    task = house.add(f"{house.awaiting('go')}; echo a > a")
    worker = house.up()
    house.until_awaited("go")
    worker.tell(number)
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    house.sign("go").touch()
    assert worker.wait() == 0
    assert house.look(task)["state"] == "done"
    assert house.landed() == ["1"]
    assert "c1 landed: main is at" in house.log(task)


@pytest.mark.parametrize("why", ["a person is asked", "the checkout is in the way", "trust"])
def test_a_worker_that_drains_does_not_wait_for_a_person(house: House, why: str) -> None:
    """A change that needs somebody waits for the next worker."""
    if why == "trust":
        house.repo.commit(deputize__toml="[checks.c]\ncommand = 'true'\n")
    if why == "a person is asked":
        house.configure("")
    task = house.add(f"{house.awaiting('go')}; echo a > a")
    worker = house.up()
    house.until_awaited("go")
    worker.tell(signal.SIGTERM)
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    if why == "the checkout is in the way":
        house.repo.write("a", "mine")
    house.sign("go").touch()
    assert worker.wait() == 0
    assert house.look(task)["state"] == "landing"


def test_a_second_sigterm_ends_a_landing(house: House) -> None:
    """A check that takes long keeps nobody who asks twice."""
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = '{house.awaiting('check')}'\n")
    house.trust()
    task = house.add("echo a > a")
    worker = house.up()
    house.until_awaited("check")
    for _ in range(2):
        worker.tell(signal.SIGTERM)
        wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    assert worker.wait() == 0
    assert house.look(task)["state"] == "landing"


def test_a_second_sigterm_stops(house: House) -> None:
    """Told twice, a worker ends its agents, saves their work and gives the tasks back."""
    task = house.add(f"echo half > half.txt; {FAMILY} {house.awaiting('go')}")
    worker = house.up()
    house.until_awaited("go")
    worker.tell(signal.SIGTERM)
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    worker.tell(signal.SIGTERM)
    assert worker.wait() == 0
    wait_until(lambda: not house.processes())
    document = house.look(task)
    assert (document["state"], document["attempts"][0]["outcome"]) == ("queued", "worker_lost")
    ((ref,),) = house.rows("SELECT saved_ref FROM attempts")
    assert house.mirror().content(ref, "half.txt") == "half"
    house.sign("go").touch()
    house.up()
    assert house.until(task)["state"] == "done"


def test_down_lets_all_workers_end(house: House) -> None:
    """`down --wait` returns once every worker has finished what it had, and is gone."""
    workers = [house.up(), house.up()]
    task = house.add(f"{house.awaiting('go')}; echo a > a")
    house.until_awaited("go")
    house.cli("down")
    house.sign("go").touch()
    house.cli("down", "--wait")
    assert [worker.wait() for worker in workers] == [0, 0]
    assert house.look(task)["attempts"][0]["outcome"] == "succeeded"
    assert house.rows("SELECT 1 FROM workers WHERE stopped_at IS NULL") == []
    assert list(house.home.run.glob("*.bell")) == []


def test_add_while_the_worker_drains(house: House) -> None:
    """A task added while the last worker only finishes what it has gets a worker of its own."""
    house.environment.clear()
    house.cli("add", "-q", f"{house.awaiting('go')}; echo a > a\nexit")
    house.until_awaited("go")
    house.cli("down")
    wait_until(lambda: house.rows("SELECT 1 FROM workers WHERE draining = 1"))
    house.cli("add", "-q", "echo b > b\nexit")
    assert house.until(2)["state"] == "done"
    house.sign("go").touch()
    assert house.until(1)["state"] == "done"


def test_two_workers_share_the_work(house: House) -> None:
    """With two `up` of one home, every task is run by one of them, once."""
    house.up("worker", "--slots", "1")
    house.up("worker", "--slots", "1")
    for mine, other in (("a", "b"), ("b", "a")):
        house.add(f"touch {house.sign(mine)}; {house.awaiting(other)}; echo > {mine}")
    for task in (3, 4, 5, 6):
        house.add(f"echo > {task}")
    documents = [house.until(task) for task in range(1, 7)]
    assert [document["state"] for document in documents] == ["done"] * 6
    assert all(len(document["attempts"]) == 1 for document in documents)
    assert len({document["attempts"][0]["worker"] for document in documents}) == 2
    assert sorted(house.landed()) == [str(task) for task in range(1, 7)]


def test_a_worker_of_one_role_leaves_the_others(house: House) -> None:
    """`worker --role inspector` takes an inspector's task and leaves a writer's alone."""
    writer = house.add("echo a > a")
    inspector = house.add("echo fine", "--role", "inspector")
    house.up("worker", "--role", "inspector")
    assert house.until(inspector)["state"] == "done"
    document = house.look(writer)
    assert document["state"] == "queued"
    assert document["waiting_for"] == "writer worker: none running (`deputize up`)"


def test_add_returns_while_its_worker_works(house: House) -> None:
    """The worker that `add` starts holds none of its outputs open: who reads them sees the end."""
    house.environment.clear()
    house.cli("add", "-q", f"{house.awaiting('go')}; echo a > a\nexit")
    house.until_awaited("go")
    assert house.look(1)["state"] == "running"
    house.sign("go").touch()
    assert house.until(1)["state"] == "done"
