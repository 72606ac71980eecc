"""With the sandbox off, the real Copilot serves several tasks of a worker in one process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.demo.model import ModelRequest
    from tests.fixtures.house import House

MANY = 10
SHARED = "[sandbox]\nlevel = 'off'\n"
COMMAND = "echo one > note-{number}.txt; (cd /; setsid sleep 600 &) ; sleep 601 &"


def prompt(number: int) -> str:
    """Ask for one note."""
    return f"Write note {number}, and no other."


def scene(number: int) -> Scene:
    """Write the note, leave something running, wait for the gate, and say so."""
    turns = (
        Turn(steps=(RunShell(command=COMMAND.format(number=number)),)),
        Turn(say="It is there.", wait_for="go"),
    )
    return Scene(name=str(number), contains=prompt(number), turns=turns)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(Script(scenes=tuple(map(scene, range(MANY))))) as served:
        yield served


@pytest.fixture
def shared(copilot: House) -> House:
    """Give a house whose agents share one runtime."""
    copilot.configure_more(f"{SHARED}[worker]\nslots = {MANY}\n")
    return copilot


def add(house: House, number: int) -> int:
    """Queue one task."""
    return int(house.cli("add", "-q", "--no-start", "--agent", "copilot", prompt(number)))


def begin(house: House, model: ScriptedModel, count: int) -> list[int]:
    """Queue some tasks, and return them once each has left its two sleepers behind and waits."""
    tasks = [add(house, number) for number in range(count)]
    for number in range(count):

        def waits(asked: ModelRequest, number: int = number) -> bool:
            return asked.turn == 1 and prompt(number) in asked.prompt

        model.wait_for_request(waits, timeout_seconds=60)
    wait_until(lambda: len(strays(house)) == 2 * count, deadline_seconds=30)
    return tasks


def runtimes(house: House) -> set[int]:
    """Return the runtimes of the house that run."""
    found = house.processes()
    return {pid for pid, words in found.items() if "copilot-runtime" in words.partition(" ")[0]}


def strays(house: House) -> set[int]:
    """Return what commands have left behind."""
    return {pid for pid, words in house.processes().items() if words.startswith("sleep 60")}


def outcomes(task: dict[str, Any]) -> list[str]:
    """Return how the attempts of a task ended."""
    return [attempt["outcome"] for attempt in task["attempts"]]


def test_tasks_share_a_runtime_and_leave_nothing_in_it(shared: House, model: ScriptedModel) -> None:
    """All land; the runtime stays, without what they had started, until its worker goes."""
    worker = shared.up()
    tasks = begin(shared, model, 3)
    (runtime,) = runtimes(shared)
    model.open("go")
    done = [shared.until(task) for task in tasks]
    assert {task["state"] for task in done} == {"done"}, done
    assert len({task["attempts"][0]["session"] for task in done}) == len(tasks)
    assert not strays(shared)
    assert runtimes(shared) == {runtime}
    worker.tell(signal.SIGTERM)
    worker.wait()
    shared.until_alone()


def test_who_is_cancelled_takes_nobody_along(shared: House, model: ScriptedModel) -> None:
    """Its processes are gone, those of the others run on, in the same runtime."""
    shared.up()
    first, *others = begin(shared, model, 3)
    (runtime,) = runtimes(shared)
    before = strays(shared)
    assert len(before) == 6
    shared.cli("cancel", str(first))
    assert shared.until(first)["state"] == "cancelled"
    assert strays(shared) < before
    assert len(strays(shared)) == 4
    assert runtimes(shared) == {runtime}
    model.open("go")
    done = [shared.until(task) for task in others]
    assert {task["state"] for task in done} == {"done"}, done
    assert {tuple(outcomes(task)) for task in done} == {("succeeded",)}


def test_when_the_runtime_dies_every_task_goes_on_from_its_session(
    shared: House, model: ScriptedModel
) -> None:
    """Ten attempts end as crashed at once, and their next ones resume; none is lost."""
    shared.up()
    tasks = begin(shared, model, MANY)
    (runtime,) = runtimes(shared)
    os.kill(runtime, signal.SIGKILL)
    model.open("go")
    done = [shared.until(task) for task in tasks]
    assert {task["state"] for task in done} == {"done"}, done
    assert {tuple(outcomes(task)) for task in done} == {("agent_crashed", "succeeded")}
    assert all(len({each["session"] for each in task["attempts"]}) == 1 for task in done)
    assert not strays(shared)


def test_when_the_worker_dies_the_next_one_ends_what_it_shared(
    shared: House, model: ScriptedModel
) -> None:
    """Its attempts are rescued with their sessions, and neither runtime nor command is left."""
    worker = shared.up()
    tasks = begin(shared, model, 3)
    (runtime,) = runtimes(shared)
    left = strays(shared)
    worker.kill()
    model.open("go")
    shared.up()
    done = [shared.until(task) for task in tasks]
    assert {tuple(outcomes(task)) for task in done} == {("worker_lost", "succeeded")}, done
    assert all(len({each["session"] for each in task["attempts"]}) == 1 for task in done)
    assert runtime not in runtimes(shared)
    assert strays(shared).isdisjoint(left)


def test_an_unused_runtime_does_not_outlive_its_worker(shared: House, model: ScriptedModel) -> None:
    """Though no attempt is open to be rescued, and it takes no notice of its worker's end."""
    model.open("go")
    worker = shared.up()
    assert shared.until(add(shared, 0))["state"] == "done"
    (runtime,) = runtimes(shared)
    os.kill(runtime, signal.SIGSTOP)
    worker.kill()
    assert runtimes(shared) == {runtime}
    again = shared.up()
    wait_until(lambda: not runtimes(shared), deadline_seconds=30)
    shared.until_alone(again)
