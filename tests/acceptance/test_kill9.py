"""`kill -9` at any moment: nothing is lost, nothing happens twice, nothing is left over."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil
import pytest

from deputize.desk.adding import add
from deputize.model.need import Need
from deputize.model.task import TaskSpec
from tests.fixtures.house import LAND, House
from tests.fixtures.outstaying import outstay
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import Worker

KILLS = 50
LONG_SECONDS = 300.0
"""All that is left lands one after the other, checked anew each time: slow machines take long."""
TASKS = 30
AGENT_KILLS = 5
"""Agents that are killed alone: their tasks rest 10 s before the next try."""
SEED = int(os.environ.get("DEPUTIZE_TEST_SEED", "0"))
"""Read when this file is imported: a test's own environment is clean."""
WORK = "echo {n} > {n}.txt; sleep 0.2; echo {n} >> {n}.txt; echo answer {n}"
ENDS = {"lands": "done", "inspects": "done", "fails": "failed", "is blamed": "failed"}


@dataclass(slots=True)
class Storm:
    """Tasks that come one by one, and kills at random moments among them."""

    house: House
    dice: random.Random
    wanted: dict[int, str] = field(default_factory=dict)
    """What becomes of each task."""
    hit: set[int] = field(default_factory=set)
    """Tasks whose agent was killed alone."""
    workers: list[Worker] = field(default_factory=list)

    def add(self) -> None:
        """Queue the next task."""
        number = len(self.wanted) + 1
        kind = {7: "inspects", 13: "fails", 19: "is blamed"}.get(number, "lands")
        script = WORK.format(n=number)
        extra = {"fails": "; exit 3", "is blamed": "; echo > bad"}.get(kind, "")
        spec = TaskSpec(
            prompt=f"{'echo fine' if kind == 'inspects' else script}{extra}\nexit",
            role="inspector" if kind == "inspects" else "writer",
            repo=str(self.house.repo.path),
            needs=(Need(id=number - 1),) if number in {5, 10} else (),
        )
        self.wanted[add(self.house.desk, spec).task.id] = kind

    def strike(self, number: int) -> None:
        """Kill something at a random moment, and see to it that three workers are there."""
        while len(self.workers) < 3:
            self.workers.append(self.house.start())
        while len(self.wanted) < TASKS and self.open_count() < 4:
            self.add()
        self.wait_for_something()
        if number % (KILLS // AGENT_KILLS) == 0:
            self.kill_agent()
            return
        victim = self.workers.pop(self.dice.randrange(len(self.workers)))
        victim.kill()
        if self.dice.random() < 0.3:
            self.kill_all_others()

    def wait_for_something(self) -> None:
        """Return some events from now, and a random moment later."""
        goal = self.event_count() + self.dice.randint(1, 12)
        with suppress(AssertionError):
            wait_until(lambda: self.event_count() >= goal, deadline_seconds=0.7)
        time.sleep(self.dice.random() / 20)

    def kill_agent(self) -> None:
        """Kill the agent of one task alone, each task's once."""
        query = "SELECT task, processes FROM attempts WHERE finished_at IS NULL"
        for task, processes in self.house.rows(query):
            if task not in self.hit and processes != "[]":
                self.hit.add(task)
                with suppress(ProcessLookupError):
                    os.kill(int(processes.strip('["').partition(":")[0]), signal.SIGKILL)
                return

    def kill_all_others(self) -> None:
        """Kill agents and checks of whoever is dead; those of the living are not ours to kill."""
        living = {worker.pid for worker in self.workers}
        for pid in self.house.processes(b"DEPUTIZE_TASK="):
            if not descends(pid, living):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def open_count(self) -> int:
        """Return how many tasks are not final."""
        query = "SELECT count(*) FROM tasks WHERE finished_at IS NULL"
        return int(self.house.rows(query)[0][0])

    def event_count(self) -> int:
        """Return how much has happened."""
        return int(self.house.rows("SELECT coalesce(max(id), 0) FROM events")[0][0])


@pytest.mark.timeout(600)
def test_kill9_at_fifty_random_moments(house: House) -> None:
    """30 tasks come through 50 kills of workers, agents and landings, each as it should, once."""
    seed = SEED or random.randrange(1, 1 << 32)  # noqa: S311 - moments, no secrets
    print(f"DEPUTIZE_TEST_SEED={seed}")  # noqa: T201 - to be able to run it again
    house.configure(LAND + "rework = 0\n")
    house.repo.commit(deputize__toml="[checks.c]\ncommand = 'sleep 0.1; ! test -e bad'\n")
    house.trust()
    storm = Storm(house, random.Random(seed))  # noqa: S311 - as above
    for number in range(1, KILLS + 1):
        storm.strike(number)
    while len(storm.wanted) < TASKS:
        storm.add()
    survivor = house.up()
    for task in storm.wanted:
        house.until(task, deadline_seconds=LONG_SECONDS)
    house.until_cleared()
    for worker in (*storm.workers, survivor):
        worker.tell(signal.SIGTERM)
    assert [worker.wait() for worker in (*storm.workers, survivor)] == [0] * (
        len(storm.workers) + 1
    )
    check_ends(house, storm)
    check_branch(house, storm)
    check_nothing_is_left(house)


def check_ends(house: House, storm: Storm) -> None:
    """Every task is in the right state, and came there once."""
    told = house.rows("SELECT task, kind FROM events WHERE kind IN ('task.done', 'task.failed')")
    assert Counter(told) == Counter(
        (task, f"task.{ENDS[kind]}") for task, kind in storm.wanted.items()
    )
    for task, kind in storm.wanted.items():
        document = house.look(task)
        assert document["state"] == ENDS[kind], document
        reason = {"fails": "agent_error", "is blamed": "checks_failed"}.get(kind)
        assert (document["error"] or {}).get("reason") == reason, document
    assert house.rows("SELECT 1 FROM attempts WHERE finished_at IS NULL") == []


def check_branch(house: House, storm: Storm) -> None:
    """Every landed change is in the branch, once, and whole; the user's checkout is clean."""
    landing = [task for task, kind in storm.wanted.items() if kind == "lands"]
    assert sorted(house.landed(), key=int) == [str(task) for task in landing]
    landed = dict(house.rows("SELECT task, landed_commit FROM changes WHERE state = 'landed'"))
    assert sorted(landed) == landing
    for commit in landed.values():
        house.repo.git("merge-base", "--is-ancestor", commit, "main")
    for task in landing:
        assert house.repo.content("main", f"{task}.txt") == f"{task}\n{task}"
    assert "bad" not in house.repo.listing("main")
    assert house.repo.git("status", "--porcelain") == ""
    assert house.repo.git("symbolic-ref", "HEAD") == "refs/heads/main"
    house.repo.git("fsck", "--strict")
    house.mirror().git("fsck", "--strict")


def check_nothing_is_left(house: House) -> None:
    """No process, lease, lock, bell or half-written folder is there, and the chain is whole."""
    assert house.processes() == {}
    assert house.leftovers() == []
    assert house.rows("SELECT name FROM leases") == []
    assert house.rows("SELECT id FROM workers WHERE stopped_at IS NULL") == []
    assert list(house.home.run.glob("*.bell")) == []
    halves = [*house.home.repos.glob(".new-*"), *house.home.repos.glob("*/incoming-*")]
    assert halves == []
    assert house.say("audit", "verify").code == 0
    assert house.rows("SELECT count(*) FROM events") == house.rows("SELECT count(*) FROM seals")


def test_what_a_killed_attempt_had_done_is_saved(house: House) -> None:
    """After `kill -9` of the worker, its agent is ended and the half-done file is on a ref."""
    task = house.add(
        f"echo half > half.txt; setsid sleep 1000 & {house.awaiting('go')}; echo a > a"
    )
    worker = house.up()
    house.until_awaited("go")
    worker.kill()
    house.sign("go.awaited").unlink()
    house.up()
    house.until_awaited("go")
    ((outcome, ref),) = house.rows("SELECT outcome, saved_ref FROM attempts WHERE number = 1")
    assert (outcome, ref) == ("worker_lost", "refs/deputize/wip/1/1")
    assert house.mirror().content(ref, "half.txt") == "half"
    house.sign("go").touch()
    assert house.until(task)["state"] == "done"
    house.until_cleared()


def test_a_later_attempt_without_work_hides_none(house: House) -> None:
    """Of a task that failed, `diff` shows what was saved last, not that the last saved nothing."""
    again = house.sign("again")
    task = house.add(f"test -e {again} && exit 3; echo half > half.txt; {house.awaiting('go')}")
    worker = house.up()
    house.until_awaited("go")
    worker.kill()
    again.touch()
    house.up()
    assert house.until(task)["state"] == "failed"
    refs = house.rows("SELECT saved_ref FROM attempts ORDER BY number")
    assert refs == [("refs/deputize/wip/1/1",), (None,)]
    assert "+half" in house.cli("diff", str(task))
    house.until_cleared()


def test_a_branch_that_moved_is_recognised(house: House) -> None:
    """Killed between the move of the branch and the row, a change is recorded as landed, once."""
    (house.repo.path / "README.md").write_text("in the way\n")
    task = house.add("echo fixed >> README.md")
    worker = house.up()
    house.until_waiting(task, "your checkout")
    worker.kill()
    ((candidate,),) = house.rows("SELECT candidate FROM changes")
    house.repo.git("checkout", "--quiet", "README.md")
    house.repo.git("merge", "--quiet", "--ff-only", candidate)
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.head() == candidate
    assert house.rows("SELECT landed_commit FROM changes") == [(candidate,)]
    assert house.rows("SELECT count(*) FROM events WHERE kind = 'change.landed'") == [(1,)]
    house.until_cleared()


def test_checks_of_a_killed_landing_are_ended(house: House) -> None:
    """The next worker ends the checks that the killed one had started, and runs them anew."""
    command = f"echo >> {house.sign('runs')}; setsid sleep 1000 & {house.awaiting('go')}"
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = '''{command}'''\n")
    house.trust()
    task = house.add("echo a > a")
    worker = house.up()
    house.until_awaited("go")
    worker.kill()
    house.sign("go.awaited").unlink()
    survivor = house.up()
    house.until_awaited("go")
    house.sign("go").touch()
    assert house.until(task)["state"] == "done"
    assert house.sign("runs").read_text() == "\n\n"
    house.until_alone(survivor)
    house.until_cleared()


def test_cancelled_while_no_worker_lived(house: House) -> None:
    """A task cancelled after its worker was killed during checks leaves nothing behind."""
    command = f"setsid sleep 1000 & {house.awaiting('go')}"
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = '''{command}'''\n")
    house.trust()
    task = house.add("echo a > a")
    worker = house.up()
    house.until_awaited("go")
    worker.kill()
    house.cli("cancel", str(task))
    survivor = house.up()
    assert house.until(task)["state"] == "cancelled"
    house.until_alone(survivor)
    house.until_cleared()


def test_a_stopped_worker_is_replaced_and_writes_nothing(house: House) -> None:
    """A worker that is stopped beyond its lease loses the task; woken, it changes nothing."""
    task = house.add(f"touch {house.signs}/$(date +%N).ran; {house.awaiting('go')}; echo a > a")
    sleeper = house.up()
    house.until_awaited("go")
    outstay(house, sleeper)
    house.sign("go.awaited").unlink()
    other = house.up()
    house.until_awaited("go")
    first = house.rows("SELECT * FROM attempts WHERE number = 1")
    assert house.rows("SELECT outcome FROM attempts WHERE number = 1") == [("worker_lost",)]
    sleeper.tell(signal.SIGCONT)
    wait_until(lambda: "lease" in house.log(task))
    house.sign("go").touch()
    document = house.until(task)
    assert document["state"] == "done"
    assert [attempt["outcome"] for attempt in document["attempts"]] == ["worker_lost", "succeeded"]
    after = house.rows("SELECT * FROM attempts WHERE number = 1")
    assert without_removal(after) == without_removal(first)
    assert house.landed() == ["1"]
    house.until_alone(sleeper, other)


def test_a_stopped_landing_blames_nobody(house: House) -> None:
    """Checks that another worker ended and ran itself are not held against the change."""
    command = f"{house.awaiting('go')}"
    house.repo.commit(deputize__toml=f"[checks.c]\ncommand = '''{command}'''\n")
    house.trust()
    task = house.add("echo a > a")
    sleeper = house.up()
    house.until_awaited("go")
    outstay(house, sleeper)
    house.sign("go.awaited").unlink()
    house.up()
    house.until_awaited("go")
    sleeper.tell(signal.SIGCONT)
    wait_until(lambda: not psutil.Process(sleeper.pid).children())
    house.sign("go").touch()
    document = house.until(task)
    assert document["state"] == "done"
    assert len(document["attempts"]) == 1
    assert house.rows("SELECT state FROM changes") == [("landed",)]


def without_removal(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Leave out when the workspace was taken away, which upkeep notes later."""
    return [row[:-1] for row in rows]


def descends(pid: int, roots: set[int]) -> bool:
    """Tell whether a process comes from one of `roots`."""
    while pid > 1 and pid not in roots:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
                pid = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            return True
    return pid in roots
